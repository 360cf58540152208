import type { NotebookPanel } from '@jupyterlab/notebook';

/** Makes a cell the active one and scrolls to it; a cell that is gone is left alone. */
export function revealCell(panel: NotebookPanel | null, cellId: string): void {
  const notebook = panel?.content;
  const index = notebook?.widgets.findIndex(cell => cell.model.id === cellId) ?? -1;
  const cell = notebook?.widgets[index];
  if (notebook === undefined || cell === undefined) {
    return;
  }
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  // The scrolling is abandoned when the notebook is closed meanwhile.
  notebook.scrollToCell(cell, 'center').catch(() => undefined);
}

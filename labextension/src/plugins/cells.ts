import { NotebookActions, type Notebook, type NotebookPanel } from '@jupyterlab/notebook';

import type { CellText } from '../protocol';

/** The code cells as they stand on the screen. */
export function codeCells(notebook: Notebook): CellText[] {
  return notebook.widgets
    .filter(({ model }) => model.type === 'code')
    .map(({ model }) => {
      const tags: unknown = model.getMetadata('tags');
      const texts = Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : [];
      return { id: model.id, source: model.sharedModel.getSource(), tags: texts };
    });
}

/** Runs one cell as the user would; false when it failed or is gone. */
export async function runCell(panel: NotebookPanel, cellId: string): Promise<boolean> {
  const cell = panel.content.widgets.find(({ model }) => model.id === cellId);
  if (cell === undefined) {
    return false;
  }
  return NotebookActions.runCells(panel.content, [cell], panel.sessionContext);
}

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

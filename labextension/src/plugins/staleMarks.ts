import type { Cell } from '@jupyterlab/cells';
import type { Notebook } from '@jupyterlab/notebook';

import type { NotebookLineage } from '../model';

const MARK = 'mlpipe-StaleMark';

/** Keeps a quiet word beside each cell whose step is stale. */
export function markStaleCells(notebook: Notebook, lineage: NotebookLineage): void {
  const update = (): void => {
    const reasons = new Map(lineage.stale?.map(({ cell_id, reason }) => [cell_id, reason]));
    for (const cell of notebook.widgets) {
      mark(cell, reasons.get(cell.model.id) ?? null);
    }
  };
  lineage.changed.connect(update);
  notebook.modelContentChanged.connect(update);
}

function mark({ node }: Cell, reason: string | null): void {
  const shown = node.querySelector<HTMLElement>(`:scope > .${MARK}`);
  if (reason === null) {
    shown?.remove();
    return;
  }
  const element = shown ?? node.appendChild(document.createElement('div'));
  element.className = MARK;
  element.textContent = 'stale';
  element.title = reason;
  element.setAttribute('role', 'note');
  element.setAttribute('aria-label', `Stale: ${reason}`);
}

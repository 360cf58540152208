import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';

import { CATEGORY, CommandIDs } from '../commands';
import { proposeStepName, stepName } from '../steps';

/** The command that makes a step of the active cell. */
export const stepsPlugin: JupyterFrontEndPlugin<void> = {
  // The id that schema/plugin.json belongs to, with its menus and toolbar.
  id: 'jupyter-mlpipe:plugin',
  description: 'Tags cells of the notebook as steps.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette],
  activate: ({ commands }, tracker: INotebookTracker, palette: ICommandPalette | null) => {
    commands.addCommand(CommandIDs.makeStep, {
      label: 'Make the Cell a Step',
      caption: 'Write %%step and a name above the code of the active cell',
      isEnabled: () => tracker.activeCell?.model.type === 'code',
      execute: () => {
        makeStep(tracker);
      },
      describedBy: { args: { type: 'object', properties: {} } }
    });
    tracker.activeCellChanged.connect(() => {
      commands.notifyCommandChanged(CommandIDs.makeStep);
    });
    palette?.addItem({ command: CommandIDs.makeStep, category: CATEGORY });
  }
};

function makeStep(tracker: INotebookTracker): void {
  const cell = tracker.activeCell?.model.sharedModel;
  const source = cell?.getSource() ?? '';
  if (cell === undefined || cell.cell_type !== 'code' || stepName(source) !== null) {
    return;
  }
  const names = (tracker.currentWidget?.content.widgets ?? [])
    .map(({ model }) => stepName(model.sharedModel.getSource()))
    .filter(name => name !== null);
  cell.setSource(`%%step ${proposeStepName(source, new Set(names))}\n${source}`);
}

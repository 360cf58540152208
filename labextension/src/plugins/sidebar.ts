import { ILayoutRestorer, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';

import { CATEGORY, CommandIDs } from '../commands';
import { SidebarPanel } from '../panels/sidebar';
import { IPipelines } from '../tokens';
import { revealCell } from './cells';

/** The panel "ML pipeline" and the command that opens it. */
export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlpipe:sidebar',
  description: 'Shows lineage and runs beside the notebook.',
  autoStart: true,
  requires: [IPipelines, INotebookTracker],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    { commands, shell },
    { api, model }: IPipelines,
    tracker: INotebookTracker,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    const panel = new SidebarPanel({
      api,
      model,
      onReveal: cellId => {
        revealCell(tracker.currentWidget, cellId);
      },
      onRunStale: () => void commands.execute(CommandIDs.runStale),
      onPromote: () => void commands.execute(CommandIDs.promote)
    });
    shell.add(panel, 'right', { rank: 600, type: 'ML pipeline' });
    restorer?.add(panel, panel.id);
    commands.addCommand(CommandIDs.openSidebar, {
      label: 'Show the ML Pipeline',
      caption: 'Show lineage, artifacts and runs of the current notebook',
      execute: args => {
        shell.activateById(panel.id);
        if (typeof args['run'] === 'string') {
          panel.showRun(args['run']);
        }
      },
      describedBy: {
        args: {
          type: 'object',
          properties: { run: { type: 'string', description: 'Id of a run to open' } }
        }
      }
    });
    palette?.addItem({ command: CommandIDs.openSidebar, category: CATEGORY });
  }
};

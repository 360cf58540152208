import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';

import { CATEGORY, CommandIDs } from '../commands';
import { pipelineIcon } from '../icons';
import { openPromoteDialog } from '../panels/promoteDialog';
import { IPipelines } from '../tokens';

/** The command that opens the promote dialog for the current notebook. */
export const promotePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlpipe:promote',
  description: 'Makes a pipeline of the notebook.',
  autoStart: true,
  requires: [IPipelines, INotebookTracker],
  optional: [ICommandPalette],
  activate: (
    { commands },
    { api, model }: IPipelines,
    tracker: INotebookTracker,
    palette: ICommandPalette | null
  ) => {
    commands.addCommand(CommandIDs.promote, {
      label: 'Promote the Notebook to a Pipeline…',
      caption: 'Make a pipeline of this notebook that runs without it',
      icon: pipelineIcon,
      isEnabled: () => tracker.currentWidget !== null,
      execute: async () => {
        const context = tracker.currentWidget?.context;
        const path = model.current?.path;
        if (context === undefined || path === undefined) {
          return;
        }
        if (context.model.dirty) {
          await context.save(); // the server reads the notebook from its file
        }
        openPromoteDialog({
          api,
          path,
          onSubmitted: run => void commands.execute(CommandIDs.openSidebar, { run })
        });
      },
      describedBy: { args: { type: 'object', properties: {} } }
    });
    tracker.currentChanged.connect(() => {
      commands.notifyCommandChanged(CommandIDs.promote);
    });
    palette?.addItem({ command: CommandIDs.promote, category: CATEGORY });
  }
};

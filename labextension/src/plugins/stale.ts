import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';

import { CATEGORY, CommandIDs } from '../commands';
import { IPipelines } from '../tokens';

/** The command that runs what is stale in the current notebook. */
export const stalePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlpipe:stale',
  description: 'Runs the steps whose results no longer stand.',
  autoStart: true,
  requires: [IPipelines],
  optional: [ICommandPalette],
  activate: ({ commands }, { model, runStale }: IPipelines, palette: ICommandPalette | null) => {
    commands.addCommand(CommandIDs.runStale, {
      label: 'Run the Stale Steps',
      caption: 'Run the steps whose results no longer stand, in order',
      isEnabled: () => (model.current?.stale?.length ?? 0) > 0,
      execute: runStale,
      describedBy: { args: { type: 'object', properties: {} } }
    });
    model.changed.connect(() => {
      commands.notifyCommandChanged(CommandIDs.runStale);
    });
    palette?.addItem({ command: CommandIDs.runStale, category: CATEGORY });
  }
};

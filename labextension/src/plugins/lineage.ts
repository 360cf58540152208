import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  INotebookTracker,
  NotebookActions,
  type Notebook,
  type NotebookPanel
} from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';

import { Api } from '../api';
import { EditWatch } from '../edits';
import { KernelChannel } from '../kernelChannel';
import { LineageModel, NotebookLineage } from '../model';
import { StaleRun } from '../staleRun';
import { IPipelines } from '../tokens';
import { codeCells, runCell } from './cells';
import { markStaleCells } from './staleMarks';

/** A cell that may have loaded the kernel's side of the extension. */
const LOADS_US = /mlpipe|%%step/;

interface Followed {
  readonly lineage: NotebookLineage;
  readonly channel: KernelChannel;
  readonly edits: EditWatch;
  readonly staleRun: StaleRun;
}

/** Follows every open notebook, and provides the lineage of the current one. */
export const lineagePlugin: JupyterFrontEndPlugin<IPipelines> = {
  id: 'jupyter-mlpipe:lineage',
  description: 'Keeps the lineage of the open notebooks.',
  autoStart: true,
  requires: [INotebookTracker],
  provides: IPipelines,
  activate: (app, tracker: INotebookTracker): IPipelines => {
    const { contents, serverSettings } = app.serviceManager;
    const api = new Api(serverSettings);
    const model = new LineageModel();
    const followed = new Map<Notebook, Followed>();

    const followCurrent = (): void => {
      const notebook = tracker.currentWidget?.content;
      model.follow((notebook && followed.get(notebook)?.lineage) ?? null);
    };
    const add = (panel: NotebookPanel): void => {
      followed.set(panel.content, follow(panel, api, contents));
      panel.disposed.connect(() => {
        const gone = followed.get(panel.content);
        followed.delete(panel.content);
        followCurrent();
        gone?.edits.dispose();
        gone?.channel.dispose();
        gone?.lineage.dispose();
      });
      followCurrent();
    };
    tracker.forEach(add);
    tracker.widgetAdded.connect((_, panel) => {
      add(panel);
    });
    tracker.currentChanged.connect(followCurrent);
    NotebookActions.executed.connect((_, { notebook, cell }) => {
      if (LOADS_US.test(cell.model.sharedModel.getSource())) {
        followed.get(notebook)?.channel.retry();
      }
    });
    const runStale = async (): Promise<void> => {
      const notebook = tracker.currentWidget?.content;
      const current = notebook && followed.get(notebook);
      current?.edits.flush();
      await current?.staleRun.run();
    };
    return { api, model, runStale };
  }
};

function follow(panel: NotebookPanel, api: Api, contents: Contents.IManager): Followed {
  const { context, content } = panel;
  const path = (): string => contents.localPath(context.path);
  const lineage = new NotebookLineage(api, path());
  const channel = new KernelChannel(context.sessionContext, path());
  lineage.setKernel(channel.state);
  channel.stateChanged.connect((_, state) => {
    lineage.setKernel(state);
  });
  channel.received.connect((_, event) => {
    lineage.apply(event);
  });
  context.pathChanged.connect(() => {
    channel.moveTo(path());
    lineage.moveTo(path());
  });
  context.saveState.connect((_, state) => {
    if (state === 'completed') {
      lineage.saved();
    }
  });
  const edits = new EditWatch(
    { texts: () => codeCells(content), changed: content.modelContentChanged },
    channel
  );
  const staleRun = new StaleRun(channel, id => runCell(panel, id));
  staleRun.changed.connect(() => {
    lineage.setRunningStale(staleRun.running);
  });
  markStaleCells(content, lineage);
  return { lineage, channel, edits, staleRun };
}

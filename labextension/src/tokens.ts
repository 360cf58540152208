import { Token } from '@lumino/coreutils';

import type { Api } from './api';
import type { LineageModel } from './model';

/** What the extension's plugins share. */
export interface IPipelines {
  readonly api: Api;
  readonly model: LineageModel;
  /** Runs the stale steps of the current notebook, in order. */
  runStale(): Promise<void>;
}

export const IPipelines = new Token<IPipelines>(
  'jupyter-mlpipe:IPipelines',
  'The lineage of the current notebook, and the server behind it.'
);

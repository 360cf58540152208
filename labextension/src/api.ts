/** The server extension's REST routes. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type {
  ArtifactDetails,
  LineageGraph,
  PromotePlan,
  PromoteRequest,
  RunDetails,
  RunView,
  Target
} from './protocol';
import { expectList, expectRecord, isObject } from './wire';

/** A refusal by the server, in words for the user. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number
  ) {
    super(message);
  }
}

/** `path` is always the notebook's, relative to the server's root. */
export class Api {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  async graph(path: string): Promise<LineageGraph> {
    return expectRecord('LineageGraph', await this.get('graph', { path }));
  }

  async artifact(id: string, path: string): Promise<ArtifactDetails> {
    return expectRecord('ArtifactDetails', await this.get('artifact', { id, path }));
  }

  async runs(path: string): Promise<RunView[]> {
    return expectList('RunView', 'runs', await this.get('runs', { path }));
  }

  async run(id: string, path: string): Promise<RunDetails> {
    return expectRecord('RunDetails', await this.get('run', { id, path }));
  }

  async targets(path: string): Promise<Target[]> {
    return expectList('Target', 'targets', await this.get('targets', { path }));
  }

  async promote(request: PromoteRequest): Promise<PromotePlan> {
    return expectRecord('PromotePlan', await this.post('promote', request));
  }

  /** Starts the pipeline on the target and returns the id of the run. */
  async submit(request: PromoteRequest): Promise<string> {
    const answer = await this.post('submit', request);
    if (!isObject(answer) || typeof answer['run_id'] !== 'string') {
      throw new ApiError('The server started the run but did not say which: see Runs.', 200);
    }
    return answer['run_id'];
  }

  private get(route: string, query: Record<string, string>): Promise<unknown> {
    return this.request(`${route}${URLExt.objectToQueryString(query)}`, { method: 'GET' });
  }

  private post(route: string, body: PromoteRequest): Promise<unknown> {
    return this.request(route, { method: 'POST', body: JSON.stringify(body) });
  }

  private async request(route: string, init: RequestInit): Promise<unknown> {
    const url = URLExt.join(this.settings.baseUrl, 'jupyter-mlpipe') + '/' + route;
    let response: Response;
    let text: string;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
      text = await response.text();
    } catch {
      throw new ApiError('The Jupyter server does not answer. Is it still running?', 0);
    }
    if (!response.ok) {
      throw new ApiError(refusal(response, text), response.status);
    }
    return parsed(text);
  }
}

function refusal(response: Response, text: string): string {
  const answer = parsed(text);
  if (isObject(answer) && typeof answer['message'] === 'string' && answer['message'] !== '') {
    return answer['message'];
  }
  return response.status === 404
    ? 'The server extension of jupyter_mlpipe is not running. Install jupyter_mlpipe in the ' +
        'environment of JupyterLab and start the server again.'
    : `The server answered ${response.status} ${response.statusText}.`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

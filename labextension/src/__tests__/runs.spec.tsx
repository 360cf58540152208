// @vitest-environment jsdom
import * as React from 'react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Api } from '../api';
import { NotebookLineage } from '../model';
import { useAnswer } from '../panels/hooks';
import { RunsTab } from '../panels/RunsTab';
import type { RunDetails, RunView } from '../protocol';
import { graph } from './samples';

const RUN: RunView = {
  id: 'r',
  pipeline: 'study',
  kind: 'local',
  status: 'running',
  started: 1,
  ended: null,
  notebook: 'study.ipynb',
  parameters: {},
  tags: [],
  metadata: {}
};
const LONG = 20_000;
const STEP_MS = 250;

let host: HTMLElement;
let root: Root;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});
afterEach(() => {
  act(() => {
    root.unmount();
  });
  host.remove();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function show(element: React.JSX.Element): Promise<void> {
  return act(async () => {
    root.render(element);
    await vi.advanceTimersByTimeAsync(0);
  });
}

/** React renders at the end of each `act` only. */
async function wait(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    await act(async () => {
      await vi.advanceTimersByTimeAsync(STEP_MS);
    });
  }
}

/** A server with one run. */
class FakeServer {
  run: RunView = RUN;
  runs = vi.fn(() => Promise.resolve([this.run]));
  details = vi.fn(() => Promise.resolve<RunDetails>({ run: this.run, steps: [], format: 1 }));

  get api(): Api {
    const { runs, details } = this;
    return { runs, run: details } as Partial<Api> as Api;
  }
}

function showRuns(server: FakeServer): Promise<void> {
  const lineage = new NotebookLineage({ graph: () => Promise.resolve(graph([])) }, 'study.ipynb');
  const api = server.api;
  return show(<RunsTab {...{ api, lineage }} open="r" onToggle={() => undefined} />);
}

function status(): string | null | undefined {
  return host.querySelector('[data-mlpipe-run]')?.getAttribute('data-status');
}

describe('RunsTab', () => {
  it('follows a run to its end, and then asks no more', async () => {
    const server = new FakeServer();
    await showRuns(server);
    expect(status()).toBe('running');
    server.run = { ...RUN, status: 'succeeded', ended: 2 };
    await wait(LONG);
    expect(status()).toBe('succeeded');
    const asked = server.runs.mock.calls.length;
    await wait(LONG);
    expect(server.runs).toHaveBeenCalledTimes(asked);
  });

  it('asks for the steps once more after the run has ended', async () => {
    const server = new FakeServer();
    await showRuns(server);
    const ended = { ...RUN, status: 'succeeded', ended: 2 };
    let known = 0;
    server.runs.mockImplementation(() => {
      known = server.details.mock.calls.length;
      return Promise.resolve([ended]);
    });
    await wait(LONG);
    expect(server.details.mock.calls.length).toBeGreaterThan(known + 1);
  });

  it('goes on when the server refuses once, and keeps the list meanwhile', async () => {
    const server = new FakeServer();
    await showRuns(server);
    server.runs.mockRejectedValueOnce(new Error('The database is busy.'));
    await wait(2500);
    expect(host.textContent).toContain('The database is busy.');
    expect(status()).toBe('running');
    server.run = { ...RUN, status: 'failed', ended: 2 };
    await wait(LONG);
    expect(status()).toBe('failed');
    expect(host.textContent).not.toContain('The database is busy.');
  });

  it('gives a slow server the time to answer', async () => {
    const server = new FakeServer();
    await showRuns(server);
    const ended = { ...RUN, status: 'succeeded', ended: 2 };
    const slowly = (): Promise<RunView[]> =>
      new Promise(resolve => {
        setTimeout(() => {
          resolve([ended]);
        }, 7000);
      });
    server.runs.mockImplementation(slowly);
    await wait(LONG);
    expect(status()).toBe('succeeded');
  });
});

describe('useAnswer', () => {
  it('is loading in the very render that brings another question', async () => {
    const seen: string[] = [];
    function Asking({ question }: { question: string }): React.JSX.Element {
      const { data, loading } = useAnswer(() => Promise.resolve(question), [question]);
      seen.push(`${question} ${data ?? '-'} ${loading}`);
      return <p>{data}</p>;
    }
    await show(<Asking question="a" />);
    await show(<Asking question="b" />);
    expect(seen).toEqual(['a - true', 'a a false', 'b a true', 'b b false']);
  });
});

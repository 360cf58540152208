import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LineageModel, NotebookLineage } from '../model';
import type { LineageGraph } from '../protocol';
import { finished, graph, step } from './samples';

interface Waiting {
  resolve: (graph: LineageGraph) => void;
  reject: (error: Error) => void;
}

/** A server whose answers the test gives. */
class FakeServer {
  asked: string[] = [];
  private waiting: Waiting[] = [];

  graph(path: string): Promise<LineageGraph> {
    this.asked.push(path);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  async answer(...nodes: Parameters<typeof graph>): Promise<void> {
    this.waiting.shift()?.resolve(graph(...nodes));
    await vi.advanceTimersByTimeAsync(0);
  }

  async refuse(message: string): Promise<void> {
    this.waiting.shift()?.reject(new Error(message));
    await vi.advanceTimersByTimeAsync(0);
  }
}

const STARTED = { type: 'step_started', run_id: 'r', step: 'a', cell_id: 'c', started: 1 } as const;

function statusOf(lineage: NotebookLineage, name: string): string | undefined {
  return lineage.graph?.nodes.find(node => node.label === name)?.status;
}

describe('NotebookLineage', () => {
  let server: FakeServer;
  let lineage: NotebookLineage;

  beforeEach(async () => {
    vi.useFakeTimers();
    server = new FakeServer();
    lineage = new NotebookLineage(server, 'study.ipynb');
    lineage.setWatched(true);
    await server.answer([step('a', 'not_run')]);
  });
  afterEach(() => {
    lineage.dispose();
    vi.useRealTimers();
  });

  it('shows a running step at once', () => {
    lineage.apply(STARTED);
    expect(statusOf(lineage, 'a')).toBe('running');
    expect(server.asked).toHaveLength(1);
  });

  it('asks the server once for a burst of finished steps', async () => {
    lineage.apply(finished('a'));
    lineage.apply(finished('a', 'cached'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.asked).toHaveLength(2);
    expect(statusOf(lineage, 'a')).toBe('cached');
  });

  it('believes the server once it has answered after the end of a step', async () => {
    lineage.apply(finished('a'));
    await vi.advanceTimersByTimeAsync(1000);
    await server.answer([step('a', 'stale')]);
    expect(statusOf(lineage, 'a')).toBe('stale');
  });

  it('keeps a step running that started while the server was asked', async () => {
    void lineage.refresh();
    lineage.apply(STARTED);
    await server.answer([step('a', 'succeeded')]);
    expect(statusOf(lineage, 'a')).toBe('running');
  });

  it('adds a step that the saved notebook does not state, and says so', () => {
    lineage.apply(finished('new'));
    expect(statusOf(lineage, 'new')).toBe('succeeded');
    expect(lineage.unsaved).toBe(true);
  });

  it('forgets a step that the notebook no longer states once it is saved', async () => {
    lineage.apply(finished('deleted'));
    lineage.saved();
    await vi.advanceTimersByTimeAsync(1000);
    await server.answer([step('a')]);
    expect(statusOf(lineage, 'deleted')).toBeUndefined();
    expect(lineage.unsaved).toBe(false);
  });

  it('shows what the kernel calls stale at once, until it ran or the kernel is gone', () => {
    const stale = [{ step: 'a', cell_id: 'cell-a', reason: 'edited' }];
    lineage.setKernel('open');
    lineage.apply(finished('a'));
    lineage.apply({ type: 'steps_stale', steps: stale });
    expect(statusOf(lineage, 'a')).toBe('stale');
    lineage.apply(finished('a'));
    expect(statusOf(lineage, 'a')).toBe('succeeded');
    expect(lineage.stale).toEqual([]);
    lineage.apply({ type: 'steps_stale', steps: stale });
    lineage.setKernel('no-kernel');
    expect(lineage.stale).toBeNull();
  });

  it('lets no step run on in a kernel that is gone', () => {
    lineage.setKernel('open');
    lineage.apply(STARTED);
    lineage.setKernel('no-kernel');
    expect(statusOf(lineage, 'a')).toBe('not_run');
  });

  it('drops the answer to an older question', async () => {
    void lineage.refresh();
    lineage.moveTo('renamed.ipynb');
    void lineage.refresh();
    await server.answer([step('a', 'failed')]);
    expect(statusOf(lineage, 'a')).toBe('not_run');
    await server.answer([step('a', 'cached')]);
    expect(statusOf(lineage, 'a')).toBe('cached');
    expect(server.asked.at(-1)).toBe('renamed.ipynb');
  });

  it('asks nothing while nobody looks, and catches up then', async () => {
    lineage.setWatched(false);
    lineage.apply(finished('a'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.asked).toHaveLength(1);
    lineage.setWatched(true);
    expect(server.asked).toHaveLength(2);
  });

  it('asks again after a refusal, and keeps what it knew until then', async () => {
    void lineage.refresh();
    await server.refuse('The database is busy.');
    expect(lineage.error).toBe('The database is busy.');
    expect(statusOf(lineage, 'a')).toBe('not_run');
    await vi.advanceTimersByTimeAsync(10_000);
    await server.answer([step('a', 'cached')]);
    expect(lineage.error).toBe('');
    expect(statusOf(lineage, 'a')).toBe('cached');
  });

  it('does not wait for the next try when there is news', async () => {
    void lineage.refresh();
    await server.refuse('The database is busy.');
    lineage.apply(finished('a'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.asked).toHaveLength(3);
  });

  it('remembers that the notebook was saved until the server has answered', async () => {
    lineage.apply(finished('deleted'));
    lineage.saved();
    await vi.advanceTimersByTimeAsync(1000);
    void lineage.refresh(); // the answer to the first question is dropped
    await server.answer([step('a')]);
    await server.answer([step('a')]);
    expect(lineage.unsaved).toBe(false);
  });

  it('says why there is no graph', async () => {
    const failing = new NotebookLineage(
      { graph: () => Promise.reject(new Error('The notebook was not found.')) },
      'gone.ipynb'
    );
    await failing.refresh();
    expect(failing.error).toBe('The notebook was not found.');
    expect(failing.loading).toBe(false);
  });
});

describe('LineageModel', () => {
  it('tells of the current notebook only', () => {
    const source = { graph: () => Promise.resolve(graph([])) };
    const [first, second] = [new NotebookLineage(source, 'a'), new NotebookLineage(source, 'b')];
    const model = new LineageModel();
    const changed = vi.fn();
    model.follow(first);
    model.follow(second);
    model.changed.connect(changed);
    first.setKernel('open');
    expect(changed).not.toHaveBeenCalled();
    second.setKernel('open');
    expect(changed).toHaveBeenCalledTimes(1);
    model.dispose();
  });
});

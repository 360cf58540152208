import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { EditWatch } from '../edits';
import { withStale } from '../graph/live';
import type { ChannelState, KernelEvent, Said } from '../kernelChannel';
import type { CellText } from '../protocol';
import { StaleRun } from '../staleRun';
import { artifact, graph, step } from './samples';

/** The channel, with the answers that the test gives. */
class FakeChannel {
  state: ChannelState = 'open';
  stateChanged = new Signal<this, ChannelState>(this);
  received = new Signal<this, KernelEvent>(this);
  sent: Said[] = [];

  send(message: Said): void {
    this.sent.push(message);
  }
  go(state: ChannelState): void {
    this.state = state;
    this.stateChanged.emit(state);
  }
  async ready(name: string): Promise<void> {
    const cell_id = name === '' ? null : `cell-${name}`;
    this.received.emit({ type: 'stale_ready', step: name, cell_id });
    await Promise.resolve();
    await Promise.resolve();
  }
}

describe('EditWatch', () => {
  let channel: FakeChannel;
  let source: string;
  const texts = (): CellText[] => [{ id: 'c', source, tags: [] }];
  const changed = new Signal<object, void>({});
  let watch: EditWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    channel = new FakeChannel();
    source = 'a = 1';
    watch = new EditWatch({ texts, changed }, channel);
  });
  afterEach(() => {
    watch.dispose();
    vi.useRealTimers();
  });

  it('tells the cells at once, and once after a burst of keys', () => {
    expect(channel.sent).toEqual([{ type: 'cells_edited', cells: texts() }]);
    source = 'a = 12';
    changed.emit();
    source = 'a = 123';
    changed.emit();
    vi.advanceTimersByTime(1000);
    expect(channel.sent).toHaveLength(2);
    expect(channel.sent[1]).toEqual({ type: 'cells_edited', cells: texts() });
  });

  it('says nothing when only outputs changed', () => {
    changed.emit();
    vi.advanceTimersByTime(1000);
    expect(channel.sent).toHaveLength(1);
  });

  it('tells a new kernel everything again, and nothing without a kernel', () => {
    channel.go('no-kernel');
    watch.flush();
    expect(channel.sent).toHaveLength(1);
    channel.go('open');
    expect(channel.sent).toHaveLength(2);
  });
});

describe('StaleRun', () => {
  let channel: FakeChannel;
  let ran: string[];
  let succeeds: boolean;
  let run: StaleRun;

  beforeEach(() => {
    channel = new FakeChannel();
    ran = [];
    succeeds = true;
    run = new StaleRun(channel, id => {
      ran.push(id);
      return Promise.resolve(succeeds);
    });
  });

  it('asks before each cell and ends when nothing is stale', async () => {
    const ended = run.run();
    expect(run.running).toBe(true);
    await channel.ready('a');
    await channel.ready('b');
    await channel.ready('');
    await ended;
    expect(ran).toEqual(['cell-a', 'cell-b']);
    expect(channel.sent.at(-1)).toEqual({ type: 'stale_wanted', done: ['a', 'b'] });
    expect(run.running).toBe(false);
  });

  it('stops at the first failure', async () => {
    succeeds = false;
    const ended = run.run();
    await channel.ready('a');
    await ended;
    expect(channel.sent).toHaveLength(1);
  });

  it('ends with the kernel', async () => {
    const ended = run.run();
    channel.go('no-kernel');
    await ended;
    expect(run.running).toBe(false);
    await run.run();
    expect(channel.sent).toHaveLength(1);
  });
});

describe('withStale', () => {
  const stored = graph(
    [step('a', 'stale'), artifact('1', 'df'), step('b'), artifact('2', 'm'), step('c', 'failed')],
    [
      { source: 'step:a', target: 'artifact:1' },
      { source: 'step:b', target: 'artifact:2' }
    ]
  );
  const statuses = (stale: ReadonlyMap<string, string> | null): string[] =>
    withStale(stored, stale).nodes.map(node => node.status);

  it('believes the kernel, and what is stored where no kernel says anything', () => {
    expect(statuses(null)).toEqual(['stale', 'stale', 'succeeded', '', 'failed']);
    expect(statuses(new Map([['b', 'edited']]))).toEqual([
      ...['succeeded', '', 'stale', 'stale', 'failed']
    ]);
  });

  it('leaves a failure on show, and says why an artifact is stale', () => {
    const shown = withStale(
      stored,
      new Map([
        ['c', 'it failed'],
        ['b', 'edited']
      ])
    ).nodes;
    expect(shown.find(node => node.label === 'c')?.status).toBe('failed');
    expect(shown.find(node => node.label === 'm')?.reason).toBe('step b, which made it, is stale');
  });
});

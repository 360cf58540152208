/** What the sidebar knows of the notebooks, stored and live. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { stepId, withLive, withStale, type LiveStep } from './graph/live';
import type { ChannelState, KernelEvent } from './kernelChannel';
import type { LineageGraph, StaleStep } from './protocol';

/** Events come in bursts when all cells are run; one request serves a burst. */
const REFRESH_DELAY_MS = 200;
/** After a refusal: the server may have been starting, or busy. */
const RETRY_DELAY_MS = 5000;

/** Where stored lineage comes from. */
export interface IGraphSource {
  graph(path: string): Promise<LineageGraph>;
}

/** The lineage of one open notebook. */
export class NotebookLineage implements IDisposable {
  constructor(
    private readonly source: IGraphSource,
    private _path: string
  ) {}

  /** Of the notebook, relative to the server's root. */
  get path(): string {
    return this._path;
  }

  /** The stored graph with the live state of steps laid over it; null until it first arrived. */
  get graph(): LineageGraph | null {
    if (this.stored === null) {
      return null;
    }
    const reasons = this._stale && new Map(this._stale.map(({ step, reason }) => [step, reason]));
    return withStale(withLive(this.stored, this.live), reasons);
  }

  /** Why the graph could not be had, as a sentence; empty when it could. */
  get error(): string {
    return this._error;
  }

  get loading(): boolean {
    return this._loading;
  }

  get kernel(): ChannelState {
    return this._kernel;
  }

  /** In the notebook's order, by the kernel's word; null while no kernel says anything. */
  get stale(): readonly StaleStep[] | null {
    return this._stale;
  }

  /** Whether stale steps are being run one after the other. */
  get runningStale(): boolean {
    return this._runningStale;
  }

  /** Steps that ran but that the stored notebook does not state yet. */
  get unsaved(): boolean {
    const known = new Set(this.stored?.nodes.map(node => node.id));
    return [...this.live.keys()].some(step => !known.has(stepId(step)));
  }

  /** Counts the answers of the server, so that others know when to ask again too. */
  get revision(): number {
    return this._revision;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** While nobody looks, the graph is only marked outdated and nothing is asked of the server. */
  setWatched(watched: boolean): void {
    this.watched = watched;
    if (watched && this.outdated) {
      void this.refresh();
    }
  }

  moveTo(path: string): void {
    this._path = path;
    this.invalidate();
  }

  setKernel(state: ChannelState): void {
    this._kernel = state;
    if (state !== 'open') {
      this.dropRunning();
      this._stale = null;
    }
    this._changed.emit();
  }

  setRunningStale(running: boolean): void {
    this._runningStale = running;
    this._changed.emit();
  }

  /** The stored notebook is now the one on the screen: it states every step there is. */
  saved(): void {
    this.saves++;
    this.invalidate();
  }

  apply(event: KernelEvent): void {
    if (event.type === 'stale_ready') {
      return;
    }
    if (event.type === 'step_started') {
      this.live.set(event.step, { ...event, status: 'running', reason: '', seconds: 0 });
    } else if (event.type === 'step_finished') {
      this.live.set(event.step, event);
      this._stale = this._stale?.filter(({ step }) => step !== event.step) ?? null;
    } else if (event.type === 'steps_stale') {
      this._stale = event.steps;
    }
    this._changed.emit();
    if (event.type === 'session_started' || event.type === 'step_finished') {
      this.invalidate();
    }
  }

  /** Ask again soon; several calls in a row ask once. */
  invalidate(): void {
    if (this._error !== '') {
      this.stopTimer(); // sooner than the next try
    }
    this.refreshIn(REFRESH_DELAY_MS);
  }

  async refresh(): Promise<void> {
    this.stopTimer();
    const asked = ++this.asked;
    const settled = this.finished();
    const saves = this.saves;
    this.outdated = false;
    this._loading = true;
    this._changed.emit();
    try {
      const graph = await this.source.graph(this._path);
      if (asked === this.asked) {
        this._revision++;
        this.store(graph, settled, saves > this.seenSaves);
        this.seenSaves = saves;
      }
    } catch (error) {
      if (asked === this.asked) {
        this._error = error instanceof Error ? error.message : String(error);
        this.refreshIn(RETRY_DELAY_MS);
      }
    }
    if (asked === this.asked && !this._isDisposed) {
      this._loading = false;
      this._changed.emit();
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this.asked++;
    this.stopTimer();
    Signal.clearData(this);
  }

  /** The stored graph now tells of the steps that had finished before it was asked for. */
  private store(
    graph: LineageGraph,
    settled: ReadonlyMap<string, LiveStep>,
    complete: boolean
  ): void {
    this.stored = graph;
    this._error = '';
    const known = new Set(graph.nodes.map(node => node.id));
    for (const [step, state] of settled) {
      if (this.live.get(step) === state && (complete || known.has(stepId(step)))) {
        this.live.delete(step);
      }
    }
  }

  private finished(): Map<string, LiveStep> {
    return new Map([...this.live].filter(([, state]) => state.status !== 'running'));
  }

  private dropRunning(): void {
    for (const [step, state] of this.live) {
      if (state.status === 'running') {
        this.live.delete(step);
      }
    }
  }

  private refreshIn(ms: number): void {
    this.outdated = true;
    if (this.timer === null && this.watched) {
      this.timer = setTimeout(() => {
        void this.refresh();
      }, ms);
    }
  }

  private stopTimer(): void {
    if (this.timer !== null) {
      clearTimeout(this.timer);
      this.timer = null;
    }
  }

  private stored: LineageGraph | null = null;
  private readonly live = new Map<string, LiveStep>();
  private _stale: readonly StaleStep[] | null = null;
  private _runningStale = false;
  private _error = '';
  private _loading = false;
  private _revision = 0;
  private _kernel: ChannelState = 'no-kernel';
  private watched = false;
  private outdated = true;
  private saves = 0;
  /** How many of them the stored graph tells of. */
  private seenSaves = 0;
  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

/** Follows the notebook the user looks at. */
export class LineageModel implements IDisposable {
  get current(): NotebookLineage | null {
    return this._current;
  }

  /** Another notebook, or news of the current one. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  follow(lineage: NotebookLineage | null): void {
    if (lineage === this._current) {
      return;
    }
    if (this._current !== null && !this._current.isDisposed) {
      this._current.changed.disconnect(this.emit, this);
      this._current.setWatched(false);
    }
    this._current = lineage;
    lineage?.changed.connect(this.emit, this);
    lineage?.setWatched(this.visible);
    this._changed.emit();
  }

  /** Whether anybody looks at all. */
  setVisible(visible: boolean): void {
    this.visible = visible;
    this._current?.setWatched(visible);
  }

  dispose(): void {
    this._isDisposed = true;
    this.follow(null);
    Signal.clearData(this);
  }

  private emit(): void {
    this._changed.emit();
  }

  private _current: NotebookLineage | null = null;
  private visible = false;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

/** Runs the stale cells of one notebook, in order, each natively. */
import { Signal, type ISignal } from '@lumino/signaling';

import type { ChannelState, KernelEvent, Said } from './kernelChannel';
import type { StaleReady } from './protocol';

/** What this needs of the channel. */
export interface IStaleSource {
  readonly state: ChannelState;
  readonly stateChanged: ISignal<unknown, ChannelState>;
  readonly received: ISignal<unknown, KernelEvent>;
  send(message: Said): void;
}

/** Asks the kernel again before each cell, for what a step leaves may leave the rest fresh. */
export class StaleRun {
  /**
   * @param kernel - Tells which step is to run next, and makes its inputs ready.
   * @param runCell - Runs the cell with an id; false when it failed.
   */
  constructor(
    private readonly kernel: IStaleSource,
    private readonly runCell: (cellId: string) => Promise<boolean>
  ) {}

  get running(): boolean {
    return this._running;
  }

  /** Begun or ended. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Until nothing is stale, or a cell fails, or the kernel is gone. */
  async run(): Promise<void> {
    if (this._running) {
      return;
    }
    this.setRunning(true);
    const done: string[] = [];
    try {
      let next = await this.next(done);
      while (next?.cell_id && (await this.runCell(next.cell_id))) {
        done.push(next.step);
        next = await this.next(done);
      }
    } finally {
      this.setRunning(false);
    }
  }

  /** Null when the kernel will not answer any more. */
  private next(done: readonly string[]): Promise<StaleReady | null> {
    return new Promise(resolve => {
      const settle = (answer: StaleReady | null): void => {
        this.kernel.received.disconnect(hear);
        this.kernel.stateChanged.disconnect(leave);
        resolve(answer);
      };
      const hear = (_: unknown, event: KernelEvent): void => {
        if (event.type === 'stale_ready') {
          settle(event);
        }
      };
      const leave = (): void => {
        settle(null);
      };
      if (this.kernel.state !== 'open') {
        resolve(null);
        return;
      }
      this.kernel.received.connect(hear);
      this.kernel.stateChanged.connect(leave);
      this.kernel.send({ type: 'stale_wanted', done: [...done] });
    });
  }

  private setRunning(running: boolean): void {
    this._running = running;
    this._changed.emit();
  }

  private _running = false;
  private readonly _changed = new Signal<this, void>(this);
}

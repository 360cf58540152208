/** Tells the kernel what stands in the notebook, shortly after each edit. */
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { ChannelState, Said } from './kernelChannel';
import type { CellText } from './protocol';

/** Long enough not to speak at every key, short enough to count as at once. */
const PAUSE_MS = 300;

/** The code cells of an open notebook. */
export interface ICellTexts {
  texts(): CellText[];
  readonly changed: ISignal<unknown, unknown>;
}

/** What this needs of the channel. */
export interface IListener {
  readonly state: ChannelState;
  readonly stateChanged: ISignal<unknown, ChannelState>;
  send(message: Said): void;
}

/** Follows one notebook. */
export class EditWatch implements IDisposable {
  constructor(
    private readonly cells: ICellTexts,
    private readonly kernel: IListener
  ) {
    cells.changed.connect(this.onChange, this);
    kernel.stateChanged.connect(this.onState, this);
    this.onState(null, kernel.state);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Say now what would be said in a moment. */
  flush(): void {
    this.stopTimer();
    if (this.kernel.state !== 'open') {
      return;
    }
    const cells = this.cells.texts();
    const said = JSON.stringify(cells);
    if (said !== this.said) {
      this.said = said;
      this.kernel.send({ type: 'cells_edited', cells });
    }
  }

  dispose(): void {
    this._isDisposed = true;
    this.stopTimer();
    Signal.clearData(this);
  }

  private onChange(): void {
    this.stopTimer();
    this.timer = setTimeout(() => {
      this.flush();
    }, PAUSE_MS);
  }

  private onState(_: unknown, state: ChannelState): void {
    this.said = '';
    if (state === 'open') {
      this.flush();
    }
  }

  private stopTimer(): void {
    if (this.timer !== null) {
      clearTimeout(this.timer);
      this.timer = null;
    }
  }

  private said = '';
  private timer: ReturnType<typeof setTimeout> | null = null;
  private _isDisposed = false;
}

/** The comm between a notebook's frontend and its kernel. */
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type {
  CellsEdited,
  NotebookMoved,
  Records,
  SessionStarted,
  StaleReady,
  StaleWanted,
  StepFinished,
  StepsStale,
  StepStarted
} from './protocol';
import { isRecord } from './wire';

export type KernelEvent = SessionStarted | StepStarted | StepFinished | StepsStale | StaleReady;

/** What the kernel may be told. */
export type Said = NotebookMoved | CellsEdited | StaleWanted;

/** `absent`: there is a kernel, but it knows nothing of pipelines. */
export type ChannelState = 'no-kernel' | 'opening' | 'open' | 'absent';

/** What the channel needs of a session context. */
export interface IKernelOwner {
  readonly session: { readonly kernel: Kernel.IKernelConnection | null } | null;
  readonly kernelChanged: ISignal<unknown, unknown>;
  readonly statusChanged: ISignal<unknown, Kernel.Status>;
}

const EVENTS = [
  'SessionStarted',
  'StepStarted',
  'StepFinished',
  'StepsStale',
  'StaleReady'
] as const satisfies readonly (keyof Records)[];
const TARGET = 'jupyter_mlpipe';
/** One of the values of the setting `commsOverSubshells`. */
const DISABLED: unknown = 'disabled';

/** Follows one notebook through restarts, kernel changes and renames. */
export class KernelChannel implements IDisposable {
  constructor(
    private readonly owner: IKernelOwner,
    private path: string
  ) {
    owner.kernelChanged.connect(this.reopen, this);
    owner.statusChanged.connect(this.onStatus, this);
    this.reopen();
  }

  get state(): ChannelState {
    return this._state;
  }

  get stateChanged(): ISignal<this, ChannelState> {
    return this._stateChanged;
  }

  get received(): ISignal<this, KernelEvent> {
    return this._received;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Tells the kernel the notebook's true path; what it saw at its start may be outdated. */
  moveTo(path: string): void {
    this.path = path;
    this.sendPath();
  }

  /** Try again where the kernel knew nothing: the extension may have been loaded since. */
  retry(): void {
    if (this._state === 'absent') {
      this.reopen();
    }
  }

  /** Nothing is said where no channel is open. */
  send(message: Said): void {
    if (this.comm !== null && !this.comm.isDisposed) {
      this.comm.send({ ...message } as JSONObject);
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    Signal.clearData(this);
    this.closeComm();
  }

  private reopen(): void {
    this.closeComm();
    const kernel = this.owner.session?.kernel ?? null;
    if (kernel === null) {
      this.setState('no-kernel');
      return;
    }
    this.setState('opening');
    void this.open(kernel, ++this.attempt);
  }

  private async open(kernel: Kernel.IKernelConnection, attempt: number): Promise<void> {
    try {
      const { language_info } = await kernel.info;
      if (attempt !== this.attempt || this._isDisposed) {
        return;
      }
      if (language_info.name !== 'python' || !kernel.handleComms) {
        this.setState('absent');
        return;
      }
      const comm = kernel.createComm(TARGET);
      this.comm = comm;
      await subshell(kernel, comm);
      if (attempt === this.attempt) {
        this.listen(comm);
      }
    } catch {
      // The kernel died while we asked; its next status brings us back here.
      if (attempt === this.attempt) {
        this.setState('absent');
      }
    }
  }

  private listen(comm: Kernel.IComm): void {
    comm.onMsg = message => {
      this.onMessage(message);
    };
    comm.onClose = () => {
      if (this.comm === comm) {
        this.comm = null;
        this.setState('absent');
      }
    };
    comm.open();
    this.sendPath();
  }

  private onMessage(message: KernelMessage.ICommMsgMsg): void {
    const data: unknown = message.content.data;
    if (isEvent(data)) {
      this.setState('open');
      this._received.emit(data);
    }
  }

  private onStatus(_: unknown, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting') {
      this.restarting = true;
      this.closeComm();
      this.setState('opening');
    } else if (status === 'dead' || status === 'terminating') {
      this.closeComm();
      this.setState('no-kernel');
    } else if (status === 'idle' && this.restarting) {
      this.restarting = false;
      this.reopen();
    }
  }

  private sendPath(): void {
    this.send({ type: 'notebook_moved', path: this.path });
  }

  private closeComm(): void {
    this.attempt++;
    const comm = this.comm;
    this.comm = null;
    if (comm !== null && !comm.isDisposed) {
      comm.onClose = () => undefined;
      try {
        comm.close();
      } catch {
        comm.dispose(); // the kernel is gone and need not be told
      }
    }
  }

  private setState(state: ChannelState): void {
    if (state !== this._state && !this._isDisposed) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private attempt = 0;
  private comm: Kernel.IComm | null = null;
  private restarting = false;
  private _state: ChannelState = 'no-kernel';
  private _isDisposed = false;
  private readonly _stateChanged = new Signal<this, ChannelState>(this);
  private readonly _received = new Signal<this, KernelEvent>(this);
}

function isEvent(data: unknown): data is KernelEvent {
  return EVENTS.some(name => isRecord(name, data));
}

/**
 * A comm opened before its subshell stands is served by the main shell for good, that is, only
 * after the running cell has ended.
 */
async function subshell(kernel: Kernel.IKernelConnection, comm: Kernel.IComm): Promise<void> {
  if (kernel.supportsSubshells && startsSubshell(comm)) {
    await comm.subshellStarted.catch(() => undefined);
  }
}

/** Where subshells are switched off in the settings, the promise is never settled. */
function startsSubshell(
  comm: Kernel.IComm
): comm is Kernel.IComm & { subshellStarted: Promise<void> } {
  return (
    'subshellStarted' in comm &&
    'commsOverSubshells' in comm &&
    comm.commsOverSubshells !== DISABLED
  );
}

import type { Kernel } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it } from 'vitest';

import { KernelChannel, type IKernelOwner, type KernelEvent } from '../kernelChannel';
import { finished } from './samples';

const SESSION = { type: 'session_started', run_id: 'r', pipeline: 'study', format: 1 };

/** The parts of JupyterLab's comm that the channel uses. */
class FakeComm {
  sent: unknown[] = [];
  log: string[] = [];
  isDisposed = false;
  commsOverSubshells = 'perCommTarget';
  onMsg: (message: unknown) => void = () => undefined;
  onClose: (message: unknown) => void = () => undefined;
  subshellStarted = Promise.resolve().then(() => {
    this.log.push('subshell');
  });

  open(): void {
    this.log.push('open');
  }
  send(data: unknown): void {
    this.sent.push(data);
  }
  close(): void {
    this.log.push('close');
    this.dispose();
  }
  dispose(): void {
    this.isDisposed = true;
  }
  receive(data: unknown): void {
    this.onMsg({ content: { data } });
  }
}

class FakeKernel {
  comms: FakeComm[] = [];
  handleComms = true;
  supportsSubshells = true;
  info: Promise<unknown>;

  constructor(language = 'python') {
    this.info = Promise.resolve({ language_info: { name: language } });
  }

  createComm(): FakeComm {
    const comm = new FakeComm();
    this.comms.push(comm);
    return comm;
  }
  get comm(): FakeComm {
    return this.comms.at(-1) as FakeComm;
  }
}

class FakeOwner {
  kernelChanged = new Signal<this, unknown>(this);
  statusChanged = new Signal<this, Kernel.Status>(this);
  session: { kernel: FakeKernel | null } = { kernel: new FakeKernel() };
}

async function settle(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve));
}

describe('KernelChannel', () => {
  let owner: FakeOwner;
  let channel: KernelChannel;
  let received: KernelEvent[];
  const kernel = (): FakeKernel => owner.session.kernel as FakeKernel;

  beforeEach(async () => {
    owner = new FakeOwner();
    channel = new KernelChannel(owner as unknown as IKernelOwner, 'study.ipynb');
    received = [];
    channel.received.connect((_, event) => received.push(event));
    await settle();
  });

  it('opens only once the subshell stands, then tells the path', () => {
    expect(kernel().comm.log).toEqual(['subshell', 'open']);
    expect(kernel().comm.sent).toEqual([{ type: 'notebook_moved', path: 'study.ipynb' }]);
  });

  it('passes events on and drops what it does not understand', () => {
    kernel().comm.receive(SESSION);
    kernel().comm.receive({ type: 'step_finished', step: 1 });
    kernel().comm.receive(finished('a'));
    expect(received.map(event => event.type)).toEqual(['session_started', 'step_finished']);
    expect(channel.state).toBe('open');
  });

  it('tells the new path when the notebook is renamed', () => {
    channel.moveTo('renamed.ipynb');
    expect(kernel().comm.sent.at(-1)).toEqual({ type: 'notebook_moved', path: 'renamed.ipynb' });
  });

  it('stays quiet where the kernel knows nothing, and tries again when asked', async () => {
    kernel().comm.onClose({});
    expect(channel.state).toBe('absent');
    channel.retry();
    await settle();
    expect(kernel().comms).toHaveLength(2);
  });

  it('opens anew at the first idle after a restart', async () => {
    owner.statusChanged.emit('restarting');
    owner.statusChanged.emit('starting');
    expect(kernel().comms).toHaveLength(1);
    owner.statusChanged.emit('idle');
    owner.statusChanged.emit('idle');
    await settle();
    expect(kernel().comms).toHaveLength(2);
    expect(kernel().comm.log).toContain('open');
  });

  it('follows to another kernel and leaves the old one', async () => {
    const old = kernel();
    owner.session = { kernel: new FakeKernel() };
    owner.kernelChanged.emit(null);
    await settle();
    expect(old.comm.log).toContain('close');
    expect(kernel().comm.sent).toHaveLength(1);
  });

  it('asks nothing of a kernel of another language', async () => {
    owner.session = { kernel: new FakeKernel('R') };
    owner.kernelChanged.emit(null);
    await settle();
    expect(kernel().comms).toHaveLength(0);
    expect(channel.state).toBe('absent');
  });

  it('notices that the kernel is gone', () => {
    owner.statusChanged.emit('dead');
    expect(channel.state).toBe('no-kernel');
  });

  it('hears nothing after it was disposed', async () => {
    channel.dispose();
    owner.kernelChanged.emit(null);
    await settle();
    expect(kernel().comms).toHaveLength(1);
    expect(kernel().comm.log).toContain('close');
  });
});

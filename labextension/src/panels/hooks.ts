import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

export interface Answer<T> {
  /** Of the latest question that was answered; kept when a later one is refused. */
  data: T | null;
  /** Why the latest question was refused; empty when it was answered. */
  error: string;
  loading: boolean;
}

/**
 * Asks whenever one of `keys` changes, and forgets answers to older questions. A `null` question
 * asks nothing.
 */
export function useAnswer<T>(ask: (() => Promise<T>) | null, keys: readonly unknown[]): Answer<T> {
  const [{ data, error, to }, setSettled] = React.useState<Settled<T>>(NOTHING);
  React.useEffect(() => {
    if (ask === null) {
      setSettled(NOTHING);
      return;
    }
    let wanted = true;
    const settle = (change: Partial<Settled<T>>): void => {
      if (wanted) {
        setSettled(old => ({ ...old, ...change, to: keys }));
      }
    };
    ask().then(
      answer => {
        settle({ data: answer, error: '' });
      },
      (refusal: unknown) => {
        settle({ error: messageOf(refusal) });
      }
    );
    return () => {
      wanted = false;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the keys stand for the question
  }, keys);
  // Seen in the very render that brings the new question: a button is not enabled in between.
  return ask === null
    ? { data: null, error: '', loading: false }
    : { data, error, loading: !sameKeys(to, keys) };
}

interface Settled<T> {
  data: T | null;
  error: string;
  /** The keys of the question; null before the first was settled. */
  to: readonly unknown[] | null;
}

const NOTHING: Settled<never> = { data: null, error: '', to: null };

function sameKeys(one: readonly unknown[] | null, other: readonly unknown[]): boolean {
  return one?.length === other.length && one.every((key, i) => Object.is(key, other[i]));
}

/** Renders again whenever the signal is emitted. */
export function useSignal(signal: ISignal<unknown, unknown>): void {
  const [, rerender] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const slot = (): void => {
      rerender();
    };
    signal.connect(slot);
    return () => {
      signal.disconnect(slot);
    };
  }, [signal]);
}

/** Counts up every `ms` milliseconds while `running`. */
export function useTicks(running: boolean, ms: number): number {
  const [ticks, setTicks] = React.useState(0);
  React.useEffect(() => {
    const timer = running
      ? setInterval(() => {
          setTicks(count => count + 1);
        }, ms)
      : undefined;
    return () => {
      clearInterval(timer);
    };
  }, [running, ms]);
  return ticks;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

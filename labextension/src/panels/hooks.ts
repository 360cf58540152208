import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

export interface Answer<T> {
  /** Of the latest question that was answered; kept while the next one is under way. */
  data: T | null;
  error: string;
  loading: boolean;
}

/**
 * Asks whenever one of `keys` changes, and forgets answers to older questions. A `null` question
 * asks nothing.
 */
export function useAnswer<T>(ask: (() => Promise<T>) | null, keys: readonly unknown[]): Answer<T> {
  const [answer, setAnswer] = React.useState<Answer<T>>({ data: null, error: '', loading: false });
  React.useEffect(() => {
    let wanted = true;
    const settle = (change: Partial<Answer<T>>): void => {
      if (wanted) {
        setAnswer(old => ({ ...old, ...change, loading: false }));
      }
    };
    setAnswer(old =>
      ask === null ? { data: null, error: '', loading: false } : { ...old, loading: true }
    );
    ask?.().then(
      data => {
        settle({ data, error: '' });
      },
      (error: unknown) => {
        settle({ data: null, error: messageOf(error) });
      }
    );
    return () => {
      wanted = false;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the keys stand for the question
  }, keys);
  return answer;
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

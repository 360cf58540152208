import * as React from 'react';

import type { Api } from '../api';
import {
  defaultFolder,
  defaultTarget,
  faults,
  previewRequest,
  type PromoteForm
} from '../promotion';
import type { PromotePlan, Target } from '../protocol';
import { messageOf, useAnswer } from './hooks';

/** The user is still typing. */
const PREVIEW_DELAY_MS = 300;

export interface Promotion {
  targets: readonly Target[];
  form: PromoteForm;
  faults: ReadonlyMap<string, string>;
  plan: PromotePlan | null;
  written: PromotePlan | null;
  error: string;
  busy: boolean;
  change: (change: Partial<PromoteForm>) => void;
  write: () => void;
  run: () => void;
}

/** The promote dialog's state: every change of the form asks for a new preview. */
export function usePromotion(
  api: Api,
  path: string,
  onSubmitted: (runId: string) => void
): Promotion {
  const targets = useAnswer(() => api.targets(path), [api, path]);
  const { form, change } = useForm(path, targets.data);
  const [plan, setPlan] = React.useState<PromotePlan | null>(null);
  const known = plan?.parameters ?? [];
  const wrong = faults(known, form);
  const request = previewRequest(path, form, known);
  const key = JSON.stringify({ ...request, wrong: [...wrong] });

  const settled = useDelayed(key, PREVIEW_DELAY_MS);
  const askable = form.target !== '' && wrong.size === 0;
  const preview = useAnswer(askable ? () => api.promote(request) : null, [settled, askable]);
  React.useEffect(() => {
    if (preview.data !== null) {
      setPlan(preview.data);
    }
  }, [preview.data]);

  const action = useAction(JSON.stringify([key, form.out]));
  return {
    targets: targets.data ?? [],
    form,
    faults: wrong,
    plan,
    written: action.written,
    error: targets.error || preview.error || action.error,
    busy: preview.loading || action.busy || settled !== key,
    change,
    write: () => {
      action.perform(() => api.promote({ ...request, out: form.out.trim() }));
    },
    run: () => {
      action.perform(async () => {
        onSubmitted(await api.submit({ ...request, schedule: null }));
        return null;
      });
    }
  };
}

function useForm(
  path: string,
  targets: readonly Target[] | null
): { form: PromoteForm; change: (change: Partial<PromoteForm>) => void } {
  const [entered, setEntered] = React.useState<Partial<PromoteForm>>({});
  const target = entered.target ?? defaultTarget(targets ?? []);
  const form: PromoteForm = {
    target,
    values: {},
    cron: '',
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    out: defaultFolder(path, target),
    ...entered
  };
  const takesSchedule = targets
    ?.find(({ name }) => name === target)
    ?.capabilities.includes('schedule');
  return {
    form: takesSchedule === false ? { ...form, cron: '' } : form,
    change: change => {
      setEntered(old => ({ ...old, ...change }));
    }
  };
}

interface Action {
  written: PromotePlan | null;
  error: string;
  busy: boolean;
  perform: (act: () => Promise<PromotePlan | null>) => void;
}

/** What a button did, forgotten when the form has changed since. */
function useAction(formKey: string): Action {
  const [state, setState] = React.useState({
    formKey: '',
    written: null as PromotePlan | null,
    error: '',
    busy: false
  });
  const current = state.formKey === formKey;
  return {
    written: current ? state.written : null,
    error: current ? state.error : '',
    busy: state.busy,
    perform: act => {
      setState({ formKey, written: null, error: '', busy: true });
      act().then(
        written => {
          setState({ formKey, written, error: '', busy: false });
        },
        (error: unknown) => {
          setState({ formKey, written: null, error: messageOf(error), busy: false });
        }
      );
    }
  };
}

/** The value as it was when it last stood still for `ms` milliseconds. */
function useDelayed(value: string, ms: number): string {
  const [delayed, setDelayed] = React.useState(value);
  React.useEffect(() => {
    const timer = setTimeout(() => {
      setDelayed(value);
    }, ms);
    return () => {
      clearTimeout(timer);
    };
  }, [value, ms]);
  return delayed;
}

/** The promote form, as data. */
import type { Parameter, PromoteRequest, Target } from './protocol';

/** What the user has entered; parameters are texts and only those that were changed. */
export interface PromoteForm {
  readonly target: string;
  readonly values: Readonly<Record<string, string>>;
  /** Empty: no schedule. */
  readonly cron: string;
  readonly timezone: string;
  readonly out: string;
}

export type Parsed = { readonly value: unknown } | { readonly fault: string };

export const CRON_PRESETS: readonly { readonly title: string; readonly cron: string }[] = [
  { title: 'No schedule', cron: '' },
  { title: 'Every hour', cron: '0 * * * *' },
  { title: 'Every day at 6:00', cron: '0 6 * * *' },
  { title: 'On weekdays at 6:00', cron: '0 6 * * 1-5' },
  { title: 'Every Monday at 6:00', cron: '0 6 * * 1' },
  { title: 'On the first of the month at 6:00', cron: '0 6 1 * *' }
];

/** Reads what was typed for a parameter as a value of its type. */
export function parseParameter({ type }: Parameter, text: string): Parsed {
  switch (type) {
    case 'int':
      return /^[+-]?\d+$/.test(text.trim())
        ? { value: Number(text) }
        : { fault: 'Expected a whole number.' };
    case 'float':
      return text.trim() !== '' && Number.isFinite(Number(text))
        ? { value: Number(text) }
        : { fault: 'Expected a number, such as 0.1 or 1e-3.' };
    case 'bool':
      return { value: text === 'true' };
    case 'json':
      return parseJson(text);
    default:
      return { value: text };
  }
}

function parseJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { fault: 'Expected JSON, such as [1, 2] or {"depth": 3}.' };
  }
}

/** A parameter's value as it stands in its field. */
export function parameterText(parameter: Parameter, form: PromoteForm): string {
  const typed = form.values[parameter.name];
  if (typed !== undefined) {
    return typed;
  }
  return typeof parameter.default === 'string' && parameter.type !== 'json'
    ? parameter.default
    : JSON.stringify(parameter.default);
}

/** Why the form cannot be sent, by parameter. */
export function faults(
  parameters: readonly Parameter[],
  form: PromoteForm
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const parameter of parameters) {
    const typed = form.values[parameter.name];
    const parsed = typed === undefined ? null : parseParameter(parameter, typed);
    if (parsed !== null && 'fault' in parsed) {
      found.set(parameter.name, parsed.fault);
    }
  }
  return found;
}

/** The request for a preview; `out` is added to write, the schedule is dropped to run now. */
export function previewRequest(
  path: string,
  form: PromoteForm,
  known: readonly Parameter[]
): PromoteRequest {
  const parameters: Record<string, unknown> = {};
  for (const parameter of known) {
    const typed = form.values[parameter.name];
    const parsed = typed === undefined ? null : parseParameter(parameter, typed);
    if (parsed !== null && 'value' in parsed) {
      parameters[parameter.name] = parsed.value;
    }
  }
  const cron = form.cron.trim();
  return { path, target: form.target, parameters, schedule: schedule(cron, form), out: '' };
}

function schedule(cron: string, form: PromoteForm): PromoteRequest['schedule'] {
  return cron === ''
    ? null
    : {
        cron,
        timezone: form.timezone,
        catchup: false,
        concurrency: 'forbid',
        start: null,
        end: null
      };
}

/** Beside the notebook, one folder per target. */
export function defaultFolder(path: string, target: string): string {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/') + 1) : '';
  return `${folder}promoted/${target}`;
}

/** The first target that can be used, else the first. */
export function defaultTarget(targets: readonly Target[]): string {
  return (targets.find(target => target.available) ?? targets[0])?.name ?? '';
}

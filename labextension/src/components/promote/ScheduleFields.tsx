import * as React from 'react';

import { formatFire } from '../../format';
import { CRON_PRESETS, type PromoteForm } from '../../promotion';
import { Field } from './Field';

const CUSTOM = 'custom';

export interface ScheduleFieldsProps {
  form: PromoteForm;
  /** Why this target takes no schedule, or null when it does. */
  refusal: string | null;
  nextFires: readonly string[];
  onChange: (change: Partial<PromoteForm>) => void;
}

/** A cron line by hand or from a preset, its time zone, and when it would fire next. */
export function ScheduleFields(props: ScheduleFieldsProps): React.JSX.Element {
  const { form, refusal, onChange } = props;
  const preset = CRON_PRESETS.find(({ cron }) => cron === form.cron.trim())?.cron ?? CUSTOM;
  return (
    <fieldset disabled={refusal !== null}>
      <legend>Schedule</legend>
      {refusal !== null && <p className="mlpipe-Field-note">{refusal}</p>}
      <Field label="When">
        <select
          data-mlpipe="schedule-preset"
          value={preset}
          onChange={event => {
            onChange({ cron: event.target.value });
          }}
        >
          {CRON_PRESETS.map(({ title, cron }) => (
            <option key={cron} value={cron}>
              {title}
            </option>
          ))}
          {preset === CUSTOM && <option value={CUSTOM}>Custom</option>}
        </select>
      </Field>
      <Field label="Cron" note="Minute, hour, day, month, weekday. Empty: no schedule.">
        <input
          type="text"
          className="mlpipe-mod-code"
          data-mlpipe="schedule-cron"
          spellCheck={false}
          value={form.cron}
          onChange={event => {
            onChange({ cron: event.target.value });
          }}
        />
      </Field>
      <TimeZone form={form} onChange={onChange} />
      {form.cron.trim() !== '' && <NextFires fires={props.nextFires} />}
    </fieldset>
  );
}

function TimeZone(props: Pick<ScheduleFieldsProps, 'form' | 'onChange'>): React.JSX.Element {
  const listId = React.useId();
  const zones = React.useMemo(() => ['UTC', ...Intl.supportedValuesOf('timeZone')], []);
  return (
    <>
      <Field label="Time zone">
        <input
          type="text"
          data-mlpipe="schedule-timezone"
          list={listId}
          spellCheck={false}
          value={props.form.timezone}
          onChange={event => {
            props.onChange({ timezone: event.target.value });
          }}
        />
      </Field>
      <datalist id={listId}>
        {zones.map(zone => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}

function NextFires({ fires }: { fires: readonly string[] }): React.JSX.Element | null {
  return fires.length === 0 ? null : (
    <div className="mlpipe-Fires" data-mlpipe="next-fires">
      Next runs
      <ol>
        {fires.map(fire => (
          <li key={fire}>
            <time dateTime={fire}>{formatFire(fire)}</time>
          </li>
        ))}
      </ol>
    </div>
  );
}

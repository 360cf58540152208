import * as React from 'react';

import type { PromoteForm } from '../../promotion';
import type { PromotePlan, Target } from '../../protocol';
import { CopyButton } from '../CopyButton';
import { Notice } from '../Notice';
import { Field } from './Field';
import { FilePreview } from './FilePreview';
import { ParameterFields } from './ParameterFields';
import { ScheduleFields } from './ScheduleFields';
import { TargetField } from './TargetField';

export interface PromoteViewProps {
  notebook: string;
  targets: readonly Target[];
  form: PromoteForm;
  faults: ReadonlyMap<string, string>;
  /** The latest preview; null before the first has arrived. */
  plan: PromotePlan | null;
  /** What was written from the form as it stands, or null. */
  written: PromotePlan | null;
  error: string;
  /** Something is asked of the server. */
  busy: boolean;
  onChange: (change: Partial<PromoteForm>) => void;
  onWrite: () => void;
  onRun: () => void;
  onCopy: (text: string) => void;
  onClose: () => void;
}

/** The promote dialog's content: the form at the left, what comes of it at the right. */
export function PromoteView(props: PromoteViewProps): React.JSX.Element {
  return (
    <div className="mlpipe-Promote" aria-busy={props.busy}>
      <header>
        <h2>Promote {props.plan?.pipeline ?? props.notebook}</h2>
        <p>
          Turns the steps of <b>{props.notebook}</b> into a pipeline that runs without the notebook.
        </p>
      </header>
      <div className="mlpipe-Promote-columns">
        <form
          className="mlpipe-Promote-form"
          onSubmit={event => {
            event.preventDefault();
          }}
        >
          <Inputs {...props} />
        </form>
        <Result {...props} />
      </div>
      <Actions {...props} />
    </div>
  );
}

function Inputs(props: PromoteViewProps): React.JSX.Element {
  const { targets, form, faults, plan, onChange } = props;
  return (
    <>
      <TargetField
        targets={targets}
        chosen={form.target}
        onChoose={target => {
          onChange({ target });
        }}
      />
      <ParameterFields
        parameters={plan?.parameters ?? []}
        form={form}
        faults={faults}
        onChange={(name, text) => {
          onChange({ values: { ...form.values, [name]: text } });
        }}
      />
      <ScheduleFields
        form={form}
        refusal={scheduleRefusal(targets, form.target)}
        nextFires={props.error === '' ? (plan?.next_fires ?? []) : []}
        onChange={onChange}
      />
      <Field label="Output folder" note="Relative to the folder JupyterLab was started in.">
        <input
          type="text"
          data-mlpipe="out"
          spellCheck={false}
          value={form.out}
          onChange={event => {
            onChange({ out: event.target.value });
          }}
        />
      </Field>
    </>
  );
}

/** A preview for the target chosen before is not shown as one for this. */
function Result({ plan, form, written, error, onCopy }: PromoteViewProps): React.JSX.Element {
  const current = plan?.target === form.target ? plan : null;
  return (
    <div className="mlpipe-Promote-result">
      <Notice kind="error" lines={error === '' ? [] : [error]} />
      <Notice kind="warning" lines={current?.warnings ?? []} />
      {written !== null && <Written plan={written} onCopy={onCopy} />}
      <FilePreview files={current?.files ?? []} />
    </div>
  );
}

function scheduleRefusal(targets: readonly Target[], chosen: string): string | null {
  const target = targets.find(({ name }) => name === chosen);
  return target === undefined || target.capabilities.includes('schedule')
    ? null
    : `${target.title} runs when it is told to, not by a schedule.`;
}

function Written(props: { plan: PromotePlan; onCopy: (text: string) => void }): React.JSX.Element {
  const { written, command } = props.plan;
  return (
    <section className="mlpipe-Written" data-mlpipe="written" role="status">
      <h3>{written.length === 1 ? '1 file written' : `${written.length} files written`}</h3>
      <ul>
        {written.map(path => (
          <li key={path}>
            <code>{path}</code>
          </li>
        ))}
      </ul>
      {command !== '' && (
        <>
          <p>Run it with</p>
          <div className="mlpipe-Command">
            <code data-mlpipe="command">{command}</code>
            <CopyButton text={command} label="Copy" onCopy={props.onCopy} />
          </div>
        </>
      )}
    </section>
  );
}

function Actions(props: PromoteViewProps): React.JSX.Element {
  const { form, plan, busy } = props;
  const ready = !busy && plan !== null && props.faults.size === 0 && props.error === '';
  const available = props.targets.find(({ name }) => name === form.target)?.available ?? false;
  return (
    <footer>
      <button type="button" className="mlpipe-Button" onClick={props.onClose}>
        Close
      </button>
      <button
        type="button"
        className="mlpipe-Button"
        data-mlpipe="run-now"
        disabled={!ready || !available}
        title={available ? 'Run the pipeline once, now' : 'This target cannot run from here'}
        onClick={props.onRun}
      >
        Run now
      </button>
      <button
        type="button"
        className="mlpipe-Button mlpipe-mod-primary"
        data-mlpipe="write-files"
        disabled={!ready || form.out.trim() === ''}
        onClick={props.onWrite}
      >
        Write files
      </button>
    </footer>
  );
}

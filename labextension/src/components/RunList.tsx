import * as React from 'react';

import { formatSeconds, formatTime, versionLabel, withoutAnsi } from '../format';
import { statusWord } from '../graph/scene';
import type { OutputView, RunDetails, RunView, StepRunView } from '../protocol';
import { StatusGlyph } from './StatusGlyph';

export interface RunListProps {
  runs: readonly RunView[];
  /** Id of the run that is unfolded. */
  open: string | null;
  /** The unfolded run's steps, once they have arrived. */
  details: RunDetails | null;
  onToggle: (id: string) => void;
}

/** Runs, newest first, one of them unfolded to its steps. */
export function RunList({ runs, open, details, onToggle }: RunListProps): React.JSX.Element {
  return (
    <ul className="mlpipe-Runs">
      {runs.map(run => (
        <li key={run.id} data-mlpipe-run={run.id} data-status={run.status} data-kind={run.kind}>
          <button
            type="button"
            aria-expanded={run.id === open}
            onClick={() => {
              onToggle(run.id);
            }}
          >
            <StatusGlyph status={run.status} />
            <span className="mlpipe-Run-kind">{run.kind}</span>
            <span className="mlpipe-Run-status">{statusWord(run.status)}</span>
            <span className="mlpipe-Run-time">
              {formatTime(run.started)}
              {run.ended !== null && ` · ${formatSeconds(run.ended - run.started)}`}
            </span>
          </button>
          {run.id === open && <Unfolded run={run} details={details} />}
        </li>
      ))}
    </ul>
  );
}

function Unfolded(props: { run: RunView; details: RunDetails | null }): React.JSX.Element {
  const parameters = Object.entries(props.run.parameters);
  const steps = props.details?.run.id === props.run.id ? props.details.steps : null;
  return (
    <div className="mlpipe-Run-body">
      {parameters.length > 0 && (
        <p className="mlpipe-Run-parameters">
          {parameters.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(', ')}
        </p>
      )}
      {steps === null ? (
        <p>Loading…</p>
      ) : steps.length === 0 ? (
        <p>No step has run yet.</p>
      ) : (
        <ol>
          {steps.map((step, i) => (
            <StepRow key={i} step={step} />
          ))}
        </ol>
      )}
    </div>
  );
}

function outputText({ variable, version, version_name, mutated }: OutputView): string {
  const kept = version === null ? ' (not kept)' : ` ${versionLabel({ version, version_name })}`;
  return `${variable}${kept}${mutated ? ' (changed)' : ''}`;
}

function StepRow({ step }: { step: StepRunView }): React.JSX.Element {
  return (
    <li data-mlpipe-step={step.step} data-status={step.status}>
      <p className="mlpipe-StepRow">
        <StatusGlyph status={step.status} />
        <b>{step.elements > 0 ? `${step.step} · ${step.elements}` : step.step}</b>
        <span>
          {statusWord(step.status)} · {formatSeconds(step.seconds)}
        </span>
      </p>
      {step.reason !== '' && <p className="mlpipe-StepRow-note">{step.reason}</p>}
      {step.outputs.length > 0 && (
        <p className="mlpipe-StepRow-note">{step.outputs.map(outputText).join(', ')}</p>
      )}
      {step.error !== '' && <pre className="mlpipe-StepRow-error">{withoutAnsi(step.error)}</pre>}
    </li>
  );
}

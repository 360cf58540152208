import * as React from 'react';

import type { Target } from '../../protocol';

/** The orchestrators to choose from; one that cannot be used here says what is missing. */
export function TargetField(props: {
  targets: readonly Target[];
  chosen: string;
  onChoose: (name: string) => void;
}): React.JSX.Element {
  const group = React.useId();
  return (
    <fieldset className="mlpipe-Targets" data-mlpipe="target">
      <legend>Target</legend>
      {props.targets.map(({ name, title, available, note }) => (
        <label key={name} data-mlpipe-target={name} data-available={available}>
          <input
            type="radio"
            name={group}
            value={name}
            checked={name === props.chosen}
            onChange={() => {
              props.onChoose(name);
            }}
          />
          <span>
            <b>{title}</b>
            {note !== '' && <small>{note}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

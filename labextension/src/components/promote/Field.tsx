import * as React from 'react';

/** A labelled control with what is wrong with it, or what to know. */
export function Field(props: {
  label: string;
  note?: string | undefined;
  fault?: string | undefined;
  children: React.ReactElement;
}): React.JSX.Element {
  const id = React.useId();
  const noteId = `${id}-note`;
  const hint = props.fault ?? props.note;
  const control = React.cloneElement(props.children, {
    id,
    'aria-invalid': props.fault !== undefined,
    'aria-describedby': hint === undefined ? undefined : noteId
  });
  return (
    <div className="mlpipe-Field">
      <label htmlFor={id}>{props.label}</label>
      {control}
      {hint !== undefined && (
        <p id={noteId} className={props.fault === undefined ? undefined : 'mlpipe-mod-fault'}>
          {hint}
        </p>
      )}
    </div>
  );
}

import * as React from 'react';

import { parameterText, type PromoteForm } from '../../promotion';
import type { Parameter } from '../../protocol';
import { Field } from './Field';

export interface ParameterFieldsProps {
  parameters: readonly Parameter[];
  form: PromoteForm;
  faults: ReadonlyMap<string, string>;
  onChange: (name: string, text: string) => void;
}

/** One typed input per parameter of the pipeline. */
export function ParameterFields(props: ParameterFieldsProps): React.JSX.Element | null {
  const { parameters, form, faults, onChange } = props;
  return parameters.length === 0 ? null : (
    <fieldset>
      <legend>Parameters</legend>
      {parameters.map(parameter => (
        <Field
          key={parameter.name}
          label={`${parameter.name}: ${parameter.type}`}
          fault={faults.get(parameter.name)}
        >
          <ParameterInput
            parameter={parameter}
            text={parameterText(parameter, form)}
            onText={text => {
              onChange(parameter.name, text);
            }}
          />
        </Field>
      ))}
    </fieldset>
  );
}

/** `Field` adds the label's id and the fault's description. */
interface ParameterInputProps extends React.AriaAttributes {
  id?: string;
  parameter: Parameter;
  text: string;
  onText: (text: string) => void;
}

function ParameterInput({
  parameter,
  text,
  onText,
  ...given
}: ParameterInputProps): React.JSX.Element {
  const common = { ...given, 'data-mlpipe-parameter': parameter.name };
  if (parameter.type === 'bool') {
    return (
      <input
        {...common}
        type="checkbox"
        checked={text === 'true'}
        onChange={event => {
          onText(String(event.target.checked));
        }}
      />
    );
  }
  return (
    <input
      {...common}
      type="text"
      inputMode={parameter.type === 'int' || parameter.type === 'float' ? 'decimal' : 'text'}
      spellCheck={false}
      value={text}
      onChange={event => {
        onText(event.target.value);
      }}
    />
  );
}

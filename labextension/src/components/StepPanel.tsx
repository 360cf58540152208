import * as React from 'react';

import { formatSeconds } from '../format';
import { statusWord } from '../graph/scene';
import type { GraphNode } from '../protocol';
import { StatusGlyph } from './StatusGlyph';

/** What became of a step, and why. */
export function StepPanel(props: { node: GraphNode; onReveal: () => void }): React.JSX.Element {
  const { node } = props;
  return (
    <>
      <p className="mlpipe-StepStatus">
        <StatusGlyph status={node.status} />
        {statusWord(node.status)}
        {node.seconds > 0 && ` · ${formatSeconds(node.seconds)}`}
      </p>
      {node.reason !== '' && <p data-mlpipe="reason">{node.reason}</p>}
      {node.cell_id !== null && (
        <button type="button" className="mlpipe-Button" onClick={props.onReveal}>
          Go to the cell
        </button>
      )}
    </>
  );
}

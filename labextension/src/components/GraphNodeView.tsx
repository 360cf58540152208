import * as React from 'react';

import type { PlacedBox } from '../graph/layout';
import { nodeLabel, nodeText } from '../graph/scene';
import type { GraphNode } from '../protocol';
import { ArtifactGlyph } from './ArtifactGlyph';
import { StatusDisc } from './StatusGlyph';

export interface GraphNodeProps {
  node: GraphNode;
  box: PlacedBox;
  selected: boolean;
  /** The one node that the Tab key reaches; arrow keys move this on. */
  reachable: boolean;
  onActivate: (node: GraphNode) => void;
  onFocus: (id: string) => void;
}

/** The card of a step, or the pill of an artifact. */
export const GraphNodeView = React.memo(function GraphNodeView(props: GraphNodeProps) {
  const { node, box, selected } = props;
  const activate = (event: React.SyntheticEvent): void => {
    event.stopPropagation();
    props.onActivate(node);
  };
  return (
    <g
      className={`mlpipe-Node mlpipe-Node-${node.kind}${node.outside ? ' mlpipe-mod-outside' : ''}`}
      transform={`translate(${box.x - box.width / 2},${box.y - box.height / 2})`}
      role="button"
      tabIndex={props.reachable ? 0 : -1}
      aria-label={nodeLabel(node)}
      aria-pressed={selected}
      data-mlpipe-node={node.id}
      data-status={node.status === '' ? undefined : node.status}
      data-variable={node.kind === 'artifact' ? node.label : undefined}
      onClick={activate}
      onFocus={() => {
        props.onFocus(node.id);
      }}
      onKeyDown={event => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          activate(event);
        }
      }}
    >
      <title>{nodeTitle(node)}</title>
      <rect
        className="mlpipe-Node-card"
        width={box.width}
        height={box.height}
        rx={node.kind === 'step' ? 6 : box.height / 2}
      />
      {node.kind === 'step' ? <StepFace {...props} /> : <ArtifactFace {...props} />}
    </g>
  );
});

function StepFace({ node, box }: GraphNodeProps): React.JSX.Element {
  const { title, tag, subtitle } = nodeText(node);
  return (
    <>
      <rect className="mlpipe-Node-bar" x={0.5} y={6} width={3} height={box.height - 12} rx={1.5} />
      <StatusDisc status={node.status} x={20} y={box.height / 2} />
      <text className="mlpipe-Node-title" x={36} y={19}>
        {title}
        {tag !== '' && (
          <tspan className="mlpipe-Node-tag" dx={5}>
            {tag}
          </tspan>
        )}
      </text>
      <text className="mlpipe-Node-subtitle" x={36} y={35}>
        {subtitle}
      </text>
    </>
  );
}

function ArtifactFace({ node, box }: GraphNodeProps): React.JSX.Element {
  const { title, tag, subtitle } = nodeText(node);
  return (
    <>
      <ArtifactGlyph type={node.type} x={17} y={box.height / 2} />
      <text className="mlpipe-Node-title" x={30} y={15}>
        {title}
        <tspan className="mlpipe-Node-tag" dx={5}>
          {tag}
        </tspan>
      </text>
      <text className="mlpipe-Node-subtitle" x={30} y={28}>
        {subtitle}
      </text>
    </>
  );
}

/** Names in full, for what the card had to cut. */
function nodeTitle(node: GraphNode): string {
  const name = node.kind === 'step' ? node.label : `${node.label} (${node.artifact})`;
  return [name, node.version_name ?? '', node.reason].filter(part => part !== '').join('\n');
}

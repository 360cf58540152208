import * as React from 'react';

import type { Layout } from '../graph/layout';
import { curve } from '../graph/path';
import { boxTouches, linkTouches, type Area, type Paper } from '../graph/viewport';
import type { GraphNode, LineageGraph } from '../protocol';
import { GraphNodeView } from './GraphNodeView';

/** Up to here the browser draws everything sooner than we could choose. */
const DRAW_ALL_BELOW = 400;

export interface GraphDrawingProps {
  graph: LineageGraph;
  layout: Layout;
  sheet: Paper;
  /** What is in view. */
  area: Area;
  selected: string | null;
  reachable: string | null;
  onActivate: (node: GraphNode) => void;
  onFocus: (id: string) => void;
}

/** What of the graph is in view, edges below nodes. */
export function GraphDrawing(props: GraphDrawingProps): React.JSX.Element {
  const { graph, layout, sheet, area, selected, reachable } = props;
  const all = graph.nodes.length + layout.links.length < DRAW_ALL_BELOW;
  const links = all ? layout.links : layout.links.filter(link => linkTouches(area, link));
  return (
    <g transform={`translate(${sheet.x},${sheet.y}) scale(${sheet.scale})`}>
      <Arrow />
      {links.map(({ source, target, points }) => (
        <path
          key={`${source}->${target}`}
          className="mlpipe-Edge"
          data-mlpipe-edge={`${source}->${target}`}
          data-selected={source === selected || target === selected || undefined}
          d={curve(points)}
          markerEnd="url(#mlpipe-arrow)"
        />
      ))}
      {graph.nodes.map(node => {
        const box = layout.boxes.get(node.id);
        const drawn = all || node.id === reachable || (box !== undefined && boxTouches(area, box));
        return box === undefined || !drawn ? null : (
          <GraphNodeView
            key={node.id}
            node={node}
            box={box}
            selected={node.id === selected}
            reachable={node.id === reachable}
            onActivate={props.onActivate}
            onFocus={props.onFocus}
          />
        );
      })}
    </g>
  );
}

function Arrow(): React.JSX.Element {
  return (
    <defs>
      <marker
        id="mlpipe-arrow"
        viewBox="0 0 8 8"
        refX={7}
        refY={4}
        markerWidth={6}
        markerHeight={6}
        orient="auto"
      >
        <path className="mlpipe-Arrow" d="M0,0.8 L8,4 L0,7.2 Z" />
      </marker>
    </defs>
  );
}

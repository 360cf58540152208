import * as React from 'react';

import { arrange, arrangementKey } from '../graph/scene';
import type { GraphNode, LineageGraph } from '../protocol';
import { GraphDrawing } from './GraphDrawing';
import { useViewport } from './useViewport';
import { ZoomButtons } from './ZoomButtons';

export interface LineageGraphProps {
  graph: LineageGraph;
  /** Id of the selected node. */
  selected: string | null;
  onActivate: (node: GraphNode) => void;
}

/** The lineage graph, with panning, zooming and the keyboard's way through it. */
export function LineageGraphView({
  graph,
  selected,
  onActivate
}: LineageGraphProps): React.JSX.Element {
  const key = arrangementKey(graph);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the key stands for the graph
  const layout = React.useMemo(() => arrange(graph), [key]);
  const { ref, size, view, handlers, controls } = useViewport(layout);
  const [focused, setFocused] = React.useState<string | null>(null);
  const ids = graph.nodes.map(node => node.id);
  const reachable = focused !== null && ids.includes(focused) ? focused : (ids[0] ?? null);

  const moveFocus = (id: string): void => {
    const box = layout.boxes.get(id);
    if (box !== undefined) {
      controls.reveal(box);
    }
    setFocused(id);
    // The node may be drawn only now that it is in view.
    requestAnimationFrame(() => {
      const drawn = ref.current?.querySelectorAll<SVGGElement>('[data-mlpipe-node]') ?? [];
      [...drawn].find(node => node.dataset['mlpipeNode'] === id)?.focus();
    });
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const target = neighbour(event.key, ids, reachable);
    if (target !== undefined) {
      moveFocus(target);
    } else if (!controls.onKey(event.key)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="mlpipe-Graph" data-mlpipe="graph" ref={ref} onKeyDown={onKeyDown} {...handlers}>
      <svg width={size.width} height={size.height} role="group" aria-label="Lineage graph">
        <GraphDrawing
          {...{ graph, layout, view, size, selected, reachable, onActivate }}
          onFocus={setFocused}
        />
      </svg>
      <ZoomButtons controls={controls} />
    </div>
  );
}

/** The node that an arrow key leads to, in the order of the graph. */
function neighbour(key: string, ids: readonly string[], from: string | null): string | undefined {
  const position = from === null ? -1 : ids.indexOf(from);
  switch (key) {
    case 'ArrowDown':
    case 'ArrowRight':
      return ids[position + 1];
    case 'ArrowUp':
    case 'ArrowLeft':
      return ids[position - 1];
    case 'Home':
      return ids[0];
    case 'End':
      return ids.at(-1);
    default:
      return undefined;
  }
}

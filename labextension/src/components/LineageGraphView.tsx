import * as React from 'react';

import { arrange, arrangementKey, lineWidth } from '../graph/scene';
import { seen } from '../graph/viewport';
import type { GraphNode, LineageGraph } from '../protocol';
import { GraphDrawing } from './GraphDrawing';
import { Legend } from './Legend';
import { useSize } from './useSize';
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
  const ref = React.useRef<HTMLDivElement>(null);
  const size = useSize(ref);
  const key = arrangementKey(graph);
  const line = lineWidth(graph, size.width);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the key stands for the graph
  const layout = React.useMemo(() => arrange(graph, line), [key, line]);
  const { scroll, sheet, handlers, controls } = useViewport(ref, size, layout);
  const [focused, setFocused] = React.useState<string | null>(null);
  const ids = graph.nodes.map(node => node.id);
  const reachable = focused !== null && ids.includes(focused) ? focused : (ids[0] ?? null);

  // The window shrinks when details open below it: keep what they tell of in view.
  React.useLayoutEffect(() => {
    const box = selected === null ? undefined : layout.boxes.get(selected);
    if (box !== undefined) {
      controls.reveal(box);
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only then, not when scrolled
  }, [selected, size.height]);

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
    <div className="mlpipe-Graph" data-mlpipe="graph" onKeyDown={onKeyDown}>
      <div className="mlpipe-Graph-window" ref={ref} {...handlers}>
        <svg width={sheet.width} height={sheet.height} role="group" aria-label="Lineage graph">
          <GraphDrawing
            {...{ graph, layout, sheet, selected, reachable, onActivate }}
            area={seen(sheet, scroll, size)}
            onFocus={setFocused}
          />
        </svg>
      </div>
      <footer>
        <Legend />
        <ZoomButtons controls={controls} />
      </footer>
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

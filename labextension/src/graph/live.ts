/** Lays what steps are doing right now over the graph that is stored. */
import type { GraphNode, LineageGraph } from '../protocol';

/** What the kernel said of a step since the graph was stored. */
export interface LiveStep {
  step: string;
  cell_id: string | null;
  status: string;
  reason: string;
  seconds: number;
}

export function stepId(step: string): string {
  return `step:${step}`;
}

/** The graph with live states; steps that it does not know yet are added at its end. */
export function withLive(graph: LineageGraph, live: ReadonlyMap<string, LiveStep>): LineageGraph {
  if (live.size === 0) {
    return graph;
  }
  const byId = new Map([...live.values()].map(step => [stepId(step.step), step]));
  const known = new Set(graph.nodes.map(node => node.id));
  const updated = graph.nodes.map(node => {
    const step = byId.get(node.id);
    return step === undefined ? node : { ...node, ...stateOf(step) };
  });
  const added = [...byId].filter(([id]) => !known.has(id)).map(([, step]) => newNode(step));
  return { ...graph, nodes: [...updated, ...added] };
}

function stateOf({ status, reason, seconds }: LiveStep): Partial<GraphNode> {
  return { status, reason, seconds };
}

function newNode(step: LiveStep): GraphNode {
  return {
    id: stepId(step.step),
    kind: 'step',
    label: step.step,
    status: step.status,
    reason: step.reason,
    cell_id: step.cell_id,
    seconds: step.seconds,
    artifact: '',
    version: 0,
    type: '',
    python_type: '',
    nbytes: 0,
    outside: false
  };
}

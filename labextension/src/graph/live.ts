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

/** Why a step's result no longer stands, by the step's name. */
export type StaleReasons = ReadonlyMap<string, string>;

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

/**
 * The graph with the kernel's word on what is stale, or with what is stored where no kernel says
 * anything. What a stale step made is stale too.
 */
export function withStale(graph: LineageGraph, stale: StaleReasons | null): LineageGraph {
  const steps = stale === null ? graph.nodes : graph.nodes.map(node => judged(node, stale));
  const cause = new Map(
    steps.filter(isStaleStep).flatMap(step => madeBy(step, graph).map(id => [id, step.label]))
  );
  const nodes = steps.map(node => {
    const step = cause.get(node.id);
    return step === undefined
      ? node
      : { ...node, status: 'stale', reason: `step ${step}, which made it, is stale` };
  });
  return { ...graph, nodes };
}

function judged(node: GraphNode, stale: StaleReasons): GraphNode {
  const reason = stale.get(node.label);
  if (node.kind !== 'step' || node.status === 'running' || node.status === 'failed') {
    return node;
  }
  if (reason !== undefined) {
    return { ...node, status: 'stale', reason };
  }
  return node.status === 'stale' ? { ...node, status: 'succeeded', reason: '' } : node;
}

function isStaleStep(node: GraphNode): boolean {
  return node.kind === 'step' && node.status === 'stale';
}

function madeBy(step: GraphNode, graph: LineageGraph): string[] {
  return graph.edges.filter(edge => edge.source === step.id).map(edge => edge.target);
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
    version_name: null,
    type: '',
    python_type: '',
    nbytes: 0,
    elements: 0,
    outside: false
  };
}

/** A lineage graph as boxes to lay out, and as the words on them. */
import { formatBytes, formatSeconds, shorten, shortType, versionLabel } from '../format';
import type { GraphNode, LineageGraph } from '../protocol';
import { layout, type Box, type Layout } from './layout';
import { READABLE_SCALE } from './viewport';

const STEP = { height: 46, icon: 38, minWidth: 168, maxWidth: 210, letter: 7.4 };
const ARTIFACT = { height: 36, icon: 30, minWidth: 84, maxWidth: 176, letter: 7 };
/** Letters of an artifact's name and version together. */
const HEAD = 18;
const SMALL_LETTER = 5.7;
const GAPS = { gapX: 16, gapY: 30 };
const LAYER_HEIGHT = ARTIFACT.height + GAPS.gapY;
/** Lines change by this much, so that a window being resized seldom changes the drawing. */
const LINE_STEP = 90;
const MIN_LINE = 270;

export interface NodeText {
  readonly title: string;
  /** Beside the title, less prominent. */
  readonly tag: string;
  readonly subtitle: string;
}

/** Words for a node's card, cut so that they fit the card's greatest width. */
export function nodeText(node: GraphNode): NodeText {
  if (node.kind === 'step') {
    const tag = node.elements > 0 ? `· ${node.elements}` : '';
    return { title: shorten(node.label, 22 - tag.length), tag, subtitle: stepSubtitle(node) };
  }
  const version = node.version > 0 ? versionLabel(node) : '';
  const title = shorten(node.label, Math.max(HEAD / 2, HEAD - version.length));
  const parts = [shorten(shortType(node.python_type), 16), sizeText(node)];
  return {
    title,
    tag: shorten(version, HEAD - title.length),
    subtitle: parts.filter(part => part !== '').join(' · ')
  };
}

/** What a screen reader says of a node. */
export function nodeLabel(node: GraphNode): string {
  const parts =
    node.kind === 'step'
      ? [
          `Step ${node.label}`,
          node.elements > 0 ? `${node.elements} elements` : '',
          stepSubtitle(node),
          node.reason
        ]
      : [
          `Artifact ${node.label}`,
          node.version > 0 ? `version ${node.version_name ?? node.version}` : '',
          shortType(node.python_type),
          sizeText(node),
          node.outside ? 'made outside a step' : '',
          statusWord(node.status),
          node.reason
        ];
  return parts.filter(part => part !== '').join(', ');
}

/** Nothing for a value of which no version could be stored. */
function sizeText(node: GraphNode): string {
  return node.version > 0 ? formatBytes(node.nbytes) : '';
}

export function statusWord(status: string): string {
  return status.replaceAll('_', ' ');
}

/** The size of a node's card. */
export function nodeBox(node: GraphNode): Box {
  const card = node.kind === 'step' ? STEP : ARTIFACT;
  const { title, tag, subtitle } = nodeText(node);
  const head = title.length + (tag === '' ? 0 : tag.length + 1);
  // A step keeps its width whatever it does, so that a running pipeline does not move.
  const below = node.kind === 'step' ? 0 : subtitle.length * SMALL_LETTER;
  const text = Math.max(head * card.letter, below);
  const width = Math.min(card.maxWidth, Math.max(card.minWidth, card.icon + text + 10));
  return { id: node.id, width: Math.round(width), height: card.height };
}

/** How wide a line of nodes may be so that the whole width can be read in the window. */
export function lineWidth(graph: LineageGraph, windowWidth: number): number {
  const readable = Math.floor(windowWidth / READABLE_SCALE / LINE_STEP) * LINE_STEP;
  const area = graph.nodes.map(nodeBox).reduce((sum, { width }) => sum + width * LAYER_HEIGHT, 0);
  return Math.max(MIN_LINE, readable, Math.sqrt(area));
}

/** Positions of all nodes and edges; nodes of one id are drawn once. */
export function arrange(graph: LineageGraph, maxWidth: number): Layout {
  const boxes = graph.nodes.map(nodeBox);
  return layout(boxes, graph.edges, { ...GAPS, maxWidth });
}

/** Changes exactly when the graph must be laid out anew. */
export function arrangementKey(graph: LineageGraph): string {
  const nodes = graph.nodes.map(node => JSON.stringify(nodeBox(node)));
  const edges = graph.edges.map(({ source, target }) => `${source}\t${target}`);
  return [...nodes, '', ...edges].join('\n');
}

function stepSubtitle(node: GraphNode): string {
  const timed = node.seconds > 0 && node.status !== 'running';
  return statusWord(node.status) + (timed ? ` · ${formatSeconds(node.seconds)}` : '');
}

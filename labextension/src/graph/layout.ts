/**
 * Layered layout of a directed graph, top-down: layers by longest path, order within a layer by
 * barycenters, positions by relaxation. Linear in nodes and edges, up to sorting.
 */

export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface Link {
  readonly source: string;
  readonly target: string;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box with the position of its centre. */
export interface PlacedBox extends Box, Point {}

export interface RoutedLink extends Link {
  /** From the source's lower border to the target's upper one. */
  readonly points: readonly Point[];
}

export interface Layout {
  readonly boxes: ReadonlyMap<string, PlacedBox>;
  readonly links: readonly RoutedLink[];
  readonly width: number;
  readonly height: number;
}

export interface LayoutOptions {
  /** Between two boxes of a layer. */
  readonly gapX: number;
  /** Between two layers. */
  readonly gapY: number;
  /** A layer wider than this is broken into lines of about equal width. */
  readonly maxWidth: number;
}

const SWEEPS = 8;
const RELAXATIONS = 8;
/** Room that a passing edge takes in a layer. */
const LANE_WIDTH = 6;

/** A box, or a bend of an edge that passes through a layer. */
interface Slot {
  readonly width: number;
  readonly height: number;
  readonly up: Slot[];
  readonly down: Slot[];
  order: number;
  x: number;
  y: number;
}

export function layout(
  boxes: readonly Box[],
  links: readonly Link[],
  options: LayoutOptions
): Layout {
  const known = new Map(boxes.map(box => [box.id, box]));
  const valid = links.filter(
    ({ source, target }) => source !== target && known.has(source) && known.has(target)
  );
  const forward = breakCycles([...known.keys()], valid);
  const ranks = breakWideLayers(rank([...known.keys()], forward), known, options);
  const slots = new Map([...known].map(([id, box]) => [id, newSlot(box.width, box.height)]));
  const layers = fillLayers(ranks, slots);
  const chains = forward.map(link => connect(link, ranks, slots, layers));
  orderLayers(layers);
  placeAcross(layers, options.gapX);
  const height = placeDown(layers, options.gapY);
  return collect(known, slots, { valid, forward, chains }, height);
}

/** Turns the edges that close a cycle round, so that all point downwards. */
function breakCycles(ids: readonly string[], links: readonly Link[]): Link[] {
  const targets = neighbours(ids, links);
  const done = new Set<string>();
  const open = new Set<string>();
  const closing = new Set<string>();
  for (const start of ids) {
    if (done.has(start)) {
      continue;
    }
    const path = [{ id: start, next: 0 }];
    open.add(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = targets.get(top.id)?.[top.next++];
      if (target === undefined) {
        open.delete(top.id);
        done.add(top.id);
        path.pop();
      } else if (open.has(target)) {
        closing.add(`${top.id}\n${target}`);
      } else if (!done.has(target)) {
        open.add(target);
        path.push({ id: target, next: 0 });
      }
    }
  }
  return links.map(({ source, target }) =>
    closing.has(`${source}\n${target}`) ? { source: target, target: source } : { source, target }
  );
}

function neighbours(ids: readonly string[], links: readonly Link[]): Map<string, string[]> {
  const targets = new Map<string, string[]>(ids.map(id => [id, []]));
  for (const { source, target } of links) {
    targets.get(source)?.push(target);
  }
  return targets;
}

/** Longest path from a root to each node; a root comes down to just above its first target. */
function rank(ids: readonly string[], links: readonly Link[]): Map<string, number> {
  const ranks = longestPaths(ids, links);
  const targets = neighbours(ids, links);
  const reached = new Set(links.map(({ target }) => target));
  for (const id of ids) {
    const below = (targets.get(id) ?? []).map(target => ranks.get(target) ?? 0);
    if (!reached.has(id) && below.length > 0) {
      ranks.set(id, Math.min(...below) - 1);
    }
  }
  return ranks;
}

function longestPaths(ids: readonly string[], links: readonly Link[]): Map<string, number> {
  const targets = neighbours(ids, links);
  const waiting = new Map<string, number>(ids.map(id => [id, 0]));
  for (const { target } of links) {
    waiting.set(target, (waiting.get(target) ?? 0) + 1);
  }
  const ranks = new Map<string, number>(ids.map(id => [id, 0]));
  const ready = ids.filter(id => waiting.get(id) === 0);
  for (const id of ready) {
    for (const target of targets.get(id) ?? []) {
      ranks.set(target, Math.max(ranks.get(target) ?? 0, (ranks.get(id) ?? 0) + 1));
      const left = (waiting.get(target) ?? 0) - 1;
      waiting.set(target, left);
      if (left === 0) {
        ready.push(target);
      }
    }
  }
  return ranks;
}

function breakWideLayers(
  ranks: ReadonlyMap<string, number>,
  boxes: ReadonlyMap<string, Box>,
  { maxWidth, gapX }: LayoutOptions
): Map<string, number> {
  const layers: string[][] = [];
  for (const [id, layer] of ranks) {
    (layers[layer] ??= []).push(id);
  }
  const broken = new Map<string, number>();
  let line = 0;
  for (const layer of layers) {
    const widths = layer.map(id => (boxes.get(id)?.width ?? 0) + gapX);
    const total = widths.reduce((sum, width) => sum + width, 0);
    const lines = Math.min(layer.length, Math.ceil(total / (maxWidth + gapX)));
    let used = 0;
    layer.forEach((id, i) => {
      const width = widths[i] ?? 0;
      broken.set(id, line + Math.min(lines - 1, Math.floor(((used + width / 2) / total) * lines)));
      used += width;
    });
    line += lines;
  }
  return broken;
}

function newSlot(width: number, height: number): Slot {
  return { width, height, up: [], down: [], order: 0, x: 0, y: 0 };
}

function fillLayers(
  ranks: ReadonlyMap<string, number>,
  slots: ReadonlyMap<string, Slot>
): Slot[][] {
  const layers: Slot[][] = [];
  for (const [id, slot] of slots) {
    (layers[ranks.get(id) ?? 0] ??= []).push(slot);
  }
  return layers;
}

/** Leads an edge through a slot of every layer it passes. */
function connect(
  { source, target }: Link,
  ranks: ReadonlyMap<string, number>,
  slots: ReadonlyMap<string, Slot>,
  layers: Slot[][]
): Slot[] {
  const first = slots.get(source);
  const last = slots.get(target);
  if (first === undefined || last === undefined) {
    return [];
  }
  const chain = [first];
  for (let layer = (ranks.get(source) ?? 0) + 1; layer < (ranks.get(target) ?? 0); layer++) {
    const lane = newSlot(LANE_WIDTH, 0);
    layers[layer]?.push(lane);
    chain.push(lane);
  }
  chain.push(last);
  chain.slice(1).forEach((slot, i) => {
    const above = chain[i] ?? first;
    above.down.push(slot);
    slot.up.push(above);
  });
  return chain;
}

/** Sorts each layer by the mean position of its neighbours, downwards and upwards in turn. */
function orderLayers(layers: Slot[][]): void {
  const number = (layer: Slot[]): void => {
    layer.forEach((slot, i) => (slot.order = i));
  };
  layers.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      const keys = new Map(
        layer.map(slot => [slot, mean(down ? slot.up : slot.down, s => s.order) ?? slot.order])
      );
      layer.sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
      number(layer);
    }
  }
}

/** Moves each slot towards its neighbours as far as the order and the gaps permit. */
function placeAcross(layers: readonly Slot[][], gap: number): void {
  for (const layer of layers) {
    let x = 0;
    for (const slot of layer) {
      slot.x = x + slot.width / 2;
      x += slot.width + gap;
    }
  }
  for (let round = 0; round < RELAXATIONS; round++) {
    const down = round % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      relax(layer, gap, slot => mean(down ? slot.up : slot.down, s => s.x) ?? slot.x);
    }
  }
}

/** The mean of pushing everything right where it is too close, and of pushing it left. */
function relax(layer: readonly Slot[], gap: number, wanted: (slot: Slot) => number): void {
  const right = layer.map(wanted);
  const left = [...right];
  const distance = (i: number): number => apart(layer[i - 1], layer[i], gap);
  for (let i = 1; i < layer.length; i++) {
    right[i] = Math.max(at(right, i), at(right, i - 1) + distance(i));
  }
  for (let i = layer.length - 1; i > 0; i--) {
    left[i - 1] = Math.min(at(left, i - 1), at(left, i) - distance(i));
  }
  layer.forEach((slot, i) => (slot.x = (at(right, i) + at(left, i)) / 2));
}

/** Least distance between two centres; passing edges may come closer than boxes. */
function apart(a: Slot | undefined, b: Slot | undefined, gap: number): number {
  const passing = a?.height === 0 || b?.height === 0;
  return ((a?.width ?? 0) + (b?.width ?? 0)) / 2 + (passing ? gap / 2 : gap);
}

/** Returns the height of everything. */
function placeDown(layers: readonly Slot[][], gap: number): number {
  let y = 0;
  for (const layer of layers) {
    const height = Math.max(...layer.map(slot => slot.height));
    for (const slot of layer) {
      slot.y = y + height / 2;
    }
    y += height + gap;
  }
  return Math.max(0, y - gap);
}

interface Routes {
  readonly valid: readonly Link[];
  readonly forward: readonly Link[];
  readonly chains: readonly Slot[][];
}

/** Moves everything so that it begins at zero, and gives turned edges their direction back. */
function collect(
  boxes: ReadonlyMap<string, Box>,
  slots: ReadonlyMap<string, Slot>,
  { valid, forward, chains }: Routes,
  height: number
): Layout {
  let left = Infinity;
  let right = -Infinity;
  for (const slot of [...slots.values(), ...chains.flat()]) {
    left = Math.min(left, slot.x - slot.width / 2);
    right = Math.max(right, slot.x + slot.width / 2);
  }
  const placed = new Map<string, PlacedBox>();
  for (const [id, box] of boxes) {
    const slot = slots.get(id);
    placed.set(id, { ...box, x: (slot?.x ?? 0) - left, y: slot?.y ?? 0 });
  }
  const links = valid.map((link, i) => {
    const points = route(chains[i] ?? [], left);
    return { ...link, points: forward[i]?.source === link.source ? points : points.reverse() };
  });
  return { boxes: placed, links, width: Math.max(0, right - left), height };
}

function route(chain: readonly Slot[], left: number): Point[] {
  return chain.map((slot, i) => {
    const border = i === 0 ? slot.height / 2 : i === chain.length - 1 ? -slot.height / 2 : 0;
    return { x: slot.x - left, y: slot.y + border };
  });
}

function mean(slots: readonly Slot[], value: (slot: Slot) => number): number | null {
  return slots.length === 0
    ? null
    : slots.reduce((sum, slot) => sum + value(slot), 0) / slots.length;
}

function at(numbers: readonly number[], i: number): number {
  return numbers[i] ?? 0;
}

import { describe, expect, it } from 'vitest';

import { layout, type Box, type Layout, type Link } from '../graph/layout';

const OPTIONS = { gapX: 10, gapY: 20, maxWidth: 1000 };

function boxes(...ids: string[]): Box[] {
  return ids.map(id => ({ id, width: 40, height: 20 }));
}

function links(...pairs: string[]): Link[] {
  return pairs.map(pair => {
    const [source = '', target = ''] = pair.split('>');
    return { source, target };
  });
}

function y(result: Layout, id: string): number {
  return result.boxes.get(id)?.y ?? NaN;
}

function overlaps(result: Layout): boolean {
  const all = [...result.boxes.values()];
  return all.some((a, i) =>
    all
      .slice(i + 1)
      .some(
        b =>
          Math.abs(a.x - b.x) < (a.width + b.width) / 2 &&
          Math.abs(a.y - b.y) < (a.height + b.height) / 2
      )
  );
}

describe('layout', () => {
  it('places a target below its source', () => {
    const result = layout(boxes('a', 'b', 'c'), links('a>b', 'b>c', 'a>c'), OPTIONS);
    expect(y(result, 'a')).toBeLessThan(y(result, 'b'));
    expect(y(result, 'b')).toBeLessThan(y(result, 'c'));
  });

  it('never lets two boxes overlap', () => {
    const ids = Array.from({ length: 120 }, (_, i) => `n${i}`);
    const edges = ids.slice(1).flatMap((id, i) => [
      { source: `n${Math.floor(i / 3)}`, target: id },
      { source: `n${Math.floor((i * 7) / 11)}`, target: id }
    ]);
    const result = layout(boxes(...ids), edges, OPTIONS);
    expect(overlaps(result)).toBe(false);
    expect(result.boxes.size).toBe(120);
  });

  it('keeps everything inside the drawing', () => {
    const result = layout(boxes('a', 'b', 'c', 'd'), links('a>b', 'a>c', 'a>d'), OPTIONS);
    for (const box of result.boxes.values()) {
      expect(box.x - box.width / 2).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width / 2).toBeLessThanOrEqual(result.width);
      expect(box.y + box.height / 2).toBeLessThanOrEqual(result.height);
    }
  });

  it('survives cycles and draws their edges in their own direction', () => {
    const result = layout(boxes('a', 'b', 'c'), links('a>b', 'b>c', 'c>a'), OPTIONS);
    const back = result.links.find(link => link.source === 'c');
    expect(back?.points[0]?.y).toBeGreaterThan(back?.points.at(-1)?.y ?? Infinity);
  });

  it('does not take an edge to an earlier node for a cycle', () => {
    const result = layout(
      boxes('a', 'report', 'limit'),
      links('a>report', 'limit>report'),
      OPTIONS
    );
    expect(y(result, 'limit')).toBeLessThan(y(result, 'report'));
  });

  it('brings a late root down to just above its target', () => {
    const result = layout(boxes('a', 'b', 'c', 'late'), links('a>b', 'b>c', 'late>c'), OPTIONS);
    expect(y(result, 'late')).toBe(y(result, 'b'));
  });

  it('breaks a layer that is too wide into even lines', () => {
    const targets = ['b', 'c', 'd', 'e'];
    const result = layout(
      boxes('a', ...targets),
      targets.map(target => ({ source: 'a', target })),
      { ...OPTIONS, maxWidth: 150 }
    );
    const lines = new Map<number, number>();
    targets.forEach(id => lines.set(y(result, id), (lines.get(y(result, id)) ?? 0) + 1));
    expect([...lines.values()]).toEqual([2, 2]);
  });

  it('leads a long edge around the boxes between', () => {
    const result = layout(boxes('a', 'b', 'c'), links('a>b', 'b>c', 'a>c'), OPTIONS);
    const bend = result.links[2]?.points[1];
    const between = result.boxes.get('b');
    expect(bend?.y).toBe(between?.y);
    expect(Math.abs((bend?.x ?? 0) - (between?.x ?? 0))).toBeGreaterThan(20);
  });

  it('ignores edges to nowhere and nodes given twice', () => {
    const result = layout(boxes('a', 'a', 'b'), links('a>b', 'a>ghost', 'b>b'), OPTIONS);
    expect(result.boxes.size).toBe(2);
    expect(result.links).toHaveLength(1);
  });

  it('gives an empty drawing for an empty graph', () => {
    expect(layout([], [], OPTIONS)).toMatchObject({ width: 0, height: 0, links: [] });
  });
});

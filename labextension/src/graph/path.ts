/** The drawn form of a routed edge. */
import type { Point } from './layout';

/** An SVG path that leaves and enters every point vertically. */
export function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) {
    return '';
  }
  let from = first;
  let path = `M${round(first.x)},${round(first.y)}`;
  for (const to of rest) {
    const middle = round((from.y + to.y) / 2);
    path += `C${round(from.x)},${middle} ${round(to.x)},${middle} ${round(to.x)},${round(to.y)}`;
    from = to;
  }
  return path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

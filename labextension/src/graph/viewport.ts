/** Which part of the drawing is seen, and how large. */
import type { Point, RoutedLink, PlacedBox } from './layout';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A point p of the drawing is seen at p * scale + (x, y). */
export interface Viewport extends Point {
  readonly scale: number;
}

export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const MIN_SCALE = 0.05;
export const MAX_SCALE = 2.5;
const MARGIN = 14;
/** Below this the first view shows the drawing's top instead of all of it, to stay readable. */
const READABLE_SCALE = 0.7;

export function zoomAt(view: Viewport, at: Point, factor: number): Viewport {
  const scale = clamp(view.scale * factor, MIN_SCALE, MAX_SCALE);
  const ratio = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

export function pan(view: Viewport, dx: number, dy: number): Viewport {
  return { ...view, x: view.x + dx, y: view.y + dy };
}

/** All of the drawing, never enlarged. */
export function fit(drawing: Size, window: Size): Viewport {
  const scale = clamp(
    Math.min(
      (window.width - 2 * MARGIN) / Math.max(1, drawing.width),
      (window.height - 2 * MARGIN) / Math.max(1, drawing.height)
    ),
    MIN_SCALE,
    1
  );
  return centred(drawing, window, scale);
}

/** What to show first: all of it where that can be read, else the start at a readable size. */
export function start(drawing: Size, window: Size): Viewport {
  const all = fit(drawing, window);
  if (all.scale >= READABLE_SCALE) {
    return all;
  }
  const byWidth = (window.width - 2 * MARGIN) / Math.max(1, drawing.width);
  return centred(drawing, window, clamp(byWidth, READABLE_SCALE, 1));
}

/** Moved just as far as needed for the box to be seen. */
export function reveal(view: Viewport, box: PlacedBox, window: Size): Viewport {
  return pan(
    view,
    shift(box.x * view.scale + view.x, (box.width * view.scale) / 2, window.width),
    shift(box.y * view.scale + view.y, (box.height * view.scale) / 2, window.height)
  );
}

/** The part of the drawing that is seen, with half a window around it. */
export function seen(view: Viewport, window: Size): Area {
  const edge = { x: window.width / 2, y: window.height / 2 };
  return {
    left: (-edge.x - view.x) / view.scale,
    top: (-edge.y - view.y) / view.scale,
    right: (window.width + edge.x - view.x) / view.scale,
    bottom: (window.height + edge.y - view.y) / view.scale
  };
}

export function boxTouches(area: Area, { x, y, width, height }: PlacedBox): boolean {
  return (
    x + width / 2 >= area.left &&
    x - width / 2 <= area.right &&
    y + height / 2 >= area.top &&
    y - height / 2 <= area.bottom
  );
}

export function linkTouches(area: Area, { points }: RoutedLink): boolean {
  return points.slice(1).some((end, i) => {
    const begin = points[i] ?? end;
    return (
      Math.max(begin.x, end.x) >= area.left &&
      Math.min(begin.x, end.x) <= area.right &&
      Math.max(begin.y, end.y) >= area.top &&
      Math.min(begin.y, end.y) <= area.bottom
    );
  });
}

function centred(drawing: Size, window: Size, scale: number): Viewport {
  const freeX = window.width - drawing.width * scale;
  return { scale, x: freeX / 2, y: MARGIN };
}

function shift(centre: number, half: number, room: number): number {
  const low = centre - half - MARGIN;
  const high = centre + half + MARGIN;
  return low < 0 ? -low : high > room ? room - high : 0;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

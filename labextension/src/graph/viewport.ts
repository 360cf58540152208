/** How large the drawing is shown, and which part of it is in view of its scrolling window. */
import type { PlacedBox, Point, RoutedLink } from './layout';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The paper in the window: a point p of the drawing lies on it at p * scale + (x, y). */
export interface Paper extends Size, Point {
  readonly scale: number;
}

/** A part of the drawing. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const MIN_SCALE = 0.05;
const MAX_SCALE = 2.5;
const MARGIN = 14;
/** Smaller than this, names cannot be read: rather show a part of the drawing. */
export const READABLE_SCALE = 0.7;

export function clampScale(scale: number): number {
  return clamp(scale, MIN_SCALE, MAX_SCALE);
}

/** All of the drawing, never enlarged. */
export function fitScale(drawing: Size, window: Size): number {
  return clamp(
    Math.min(ratio(drawing, window, 'width'), ratio(drawing, window, 'height')),
    MIN_SCALE,
    1
  );
}

/** What to show first: all of it where that can be read, else its width where that can. */
export function startScale(drawing: Size, window: Size): number {
  const all = fitScale(drawing, window);
  return all >= READABLE_SCALE ? all : clamp(ratio(drawing, window, 'width'), READABLE_SCALE, 1);
}

/** The drawing in the middle of its paper, which fills the window at least. */
export function paper(drawing: Size, scale: number, window: Size): Paper {
  const width = Math.max(window.width, drawing.width * scale + 2 * MARGIN);
  const height = Math.max(window.height, drawing.height * scale + 2 * MARGIN);
  return { scale, width, height, x: (width - drawing.width * scale) / 2, y: MARGIN };
}

/** The point of the drawing that is seen at `at` of the window. */
export function pointAt({ x, y, scale }: Paper, scroll: Point, at: Point): Point {
  return { x: (scroll.x + at.x - x) / scale, y: (scroll.y + at.y - y) / scale };
}

/** Where to scroll so that the point of the drawing is seen at `at` of the window. */
export function scrollTo({ x, y, scale }: Paper, point: Point, at: Point): Point {
  return { x: point.x * scale + x - at.x, y: point.y * scale + y - at.y };
}

/** Scrolled just as far as needed for the box to be in view. */
export function reveal({ x, y, scale }: Paper, scroll: Point, box: PlacedBox, window: Size): Point {
  const nearest = (at: number, half: number, from: number, room: number): number =>
    Math.max(Math.min(from, at - half - MARGIN), at + half + MARGIN - room);
  return {
    x: nearest(box.x * scale + x, (box.width * scale) / 2, scroll.x, window.width),
    y: nearest(box.y * scale + y, (box.height * scale) / 2, scroll.y, window.height)
  };
}

/** The part of the drawing that is in view, with half a window around it. */
export function seen(sheet: Paper, scroll: Point, window: Size): Area {
  const { width, height } = window;
  const { x: left, y: top } = pointAt(sheet, scroll, { x: -width / 2, y: -height / 2 });
  const { x: right, y: bottom } = pointAt(sheet, scroll, { x: width * 1.5, y: height * 1.5 });
  return { left, top, right, bottom };
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

function ratio(drawing: Size, window: Size, side: keyof Size): number {
  return (window[side] - 2 * MARGIN) / Math.max(1, drawing[side]);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

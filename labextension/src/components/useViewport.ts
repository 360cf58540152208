import * as React from 'react';

import type { Layout, PlacedBox, Point } from '../graph/layout';
import {
  clampScale,
  fitScale,
  paper,
  pointAt,
  reveal,
  scrollTo,
  startScale,
  type Paper,
  type Size
} from '../graph/viewport';
import { useDrag, type DragHandlers } from './useDrag';

const ZOOM_STEP = 1.25;

export interface ViewportControls {
  zoomIn: () => void;
  zoomOut: () => void;
  fit: () => void;
  reveal: (box: PlacedBox) => void;
  /** Whether the key was one of `+`, `-` and `0`. */
  onKey: (key: string) => boolean;
}

export interface ViewportState {
  scroll: Point;
  sheet: Paper;
  handlers: DragHandlers & Pick<React.DOMAttributes<HTMLDivElement>, 'onScroll'>;
  controls: ViewportControls;
}

/**
 * `ref` is the scrolling element. Scrolling is the browser's own; dragging scrolls too, and the wheel with Ctrl zooms. Until the
 * user zooms, the scale follows the window.
 */
export function useViewport(
  ref: React.RefObject<HTMLDivElement>,
  size: Size,
  layout: Layout
): ViewportState {
  const [scroll, setScroll] = React.useState<Point>({ x: 0, y: 0 });
  const [chosen, setChosen] = React.useState<number | null>(null);
  const sheet = paper(layout, chosen ?? startScale(layout, size), size);
  const anchor = React.useRef<{ point: Point; at: Point } | null>(null);

  React.useLayoutEffect(() => {
    move(ref.current, { x: (sheet.width - size.width) / 2, y: position(ref.current).y });
  }, [ref, sheet.width, size.width]);
  React.useLayoutEffect(() => {
    if (anchor.current !== null) {
      move(ref.current, scrollTo(sheet, anchor.current.point, anchor.current.at));
      anchor.current = null;
    }
  });
  const zoom = (factor: number, at: Point): void => {
    anchor.current = { point: pointAt(sheet, position(ref.current), at), at };
    setChosen(clampScale(sheet.scale * factor));
  };
  const middle = { x: size.width / 2, y: size.height / 2 };
  const controls: ViewportControls = {
    zoomIn: () => {
      zoom(ZOOM_STEP, middle);
    },
    zoomOut: () => {
      zoom(1 / ZOOM_STEP, middle);
    },
    fit: () => {
      setChosen(fitScale(layout, size));
    },
    reveal: box => {
      move(ref.current, reveal(sheet, position(ref.current), box, size));
    },
    onKey: key => {
      const action = { '+': controls.zoomIn, '=': controls.zoomIn, '-': controls.zoomOut }[key];
      (key === '0' ? controls.fit : action)?.();
      return key === '0' || action !== undefined;
    }
  };
  useWheelZoom(ref, zoom);
  const drag = useDrag((dx, dy) => {
    ref.current?.scrollBy(-dx, -dy);
  });
  const onScroll = (): void => {
    setScroll(position(ref.current));
  };
  return { scroll, sheet, handlers: { ...drag, onScroll }, controls };
}

function position(element: HTMLElement | null): Point {
  return { x: element?.scrollLeft ?? 0, y: element?.scrollTop ?? 0 };
}

function move(element: HTMLElement | null, { x, y }: Point): void {
  if (element !== null) {
    element.scrollLeft = x;
    element.scrollTop = y;
  }
}

/** React listens passively to the wheel, and could not keep the page from zooming too. */
function useWheelZoom(
  ref: React.RefObject<HTMLDivElement>,
  onZoom: (factor: number, at: Point) => void
): void {
  const latest = React.useRef(onZoom);
  latest.current = onZoom;
  React.useEffect(() => {
    const element = ref.current;
    const listen = (event: WheelEvent): void => {
      if (element === null || !(event.ctrlKey || event.metaKey)) {
        return;
      }
      event.preventDefault();
      const { left, top } = element.getBoundingClientRect();
      const speed = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 0.05 : 0.0025;
      latest.current(Math.exp(-event.deltaY * speed), {
        x: event.clientX - left,
        y: event.clientY - top
      });
    };
    element?.addEventListener('wheel', listen, { passive: false });
    return () => {
      element?.removeEventListener('wheel', listen);
    };
  }, [ref]);
}

import * as React from 'react';

import type { Layout, PlacedBox } from '../graph/layout';
import { fit, pan, reveal, start, zoomAt, type Size, type Viewport } from '../graph/viewport';

const ZOOM_STEP = 1.25;
/** A press that moves less than this many pixels is a click. */
const DRAG_THRESHOLD = 4;

export interface ViewportControls {
  zoom: (factor: number) => void;
  zoomIn: () => void;
  zoomOut: () => void;
  fit: () => void;
  reveal: (box: PlacedBox) => void;
  /** Whether the key was one of `+`, `-` and `0`. */
  onKey: (key: string) => boolean;
}

type PointerHandlers = Pick<
  React.DOMAttributes<HTMLDivElement>,
  'onPointerDown' | 'onPointerMove' | 'onPointerUp' | 'onPointerCancel' | 'onClickCapture'
>;

export interface ViewportState {
  ref: React.RefObject<HTMLDivElement>;
  size: Size;
  view: Viewport;
  handlers: PointerHandlers;
  controls: ViewportControls;
}

/** Zoom by wheel, pan by dragging, and a sensible first view until the user takes over. */
export function useViewport(layout: Layout): ViewportState {
  const ref = React.useRef<HTMLDivElement>(null);
  const size = useSize(ref);
  const [chosen, setChosen] = React.useState<Viewport | null>(null);
  const view = chosen ?? start(layout, size);

  const change = (next: (view: Viewport) => Viewport): void => {
    setChosen(old => next(old ?? start(layout, size)));
  };
  const zoom = (factor: number): void => {
    change(old => zoomAt(old, { x: size.width / 2, y: size.height / 2 }, factor));
  };
  const controls: ViewportControls = {
    zoom,
    zoomIn: () => {
      zoom(ZOOM_STEP);
    },
    zoomOut: () => {
      zoom(1 / ZOOM_STEP);
    },
    fit: () => {
      setChosen(fit(layout, size));
    },
    reveal: box => {
      change(old => reveal(old, box, size));
    },
    onKey: key => {
      const actions: Record<string, () => void> = {
        '+': controls.zoomIn,
        '=': controls.zoomIn,
        '-': controls.zoomOut,
        '0': controls.fit
      };
      actions[key]?.();
      return key in actions;
    }
  };
  useWheel(ref, (event, at) => {
    change(old =>
      zoomAt(old, at, Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)))
    );
  });
  const handlers = useDrag((dx, dy) => {
    change(old => pan(old, dx, dy));
  });
  return { ref, size, view, handlers, controls };
}

function useSize(ref: React.RefObject<HTMLDivElement>): Size {
  const [size, setSize] = React.useState<Size>({ width: 0, height: 0 });
  React.useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) {
      return;
    }
    const measure = (): void => {
      setSize({ width: element.clientWidth, height: element.clientHeight });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [ref]);
  return size;
}

/** React listens passively to the wheel, and could not keep the page from scrolling. */
function useWheel(
  ref: React.RefObject<HTMLDivElement>,
  onWheel: (event: WheelEvent, at: { x: number; y: number }) => void
): void {
  const latest = React.useRef(onWheel);
  latest.current = onWheel;
  React.useEffect(() => {
    const element = ref.current;
    const listen = (event: WheelEvent): void => {
      event.preventDefault();
      const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
      latest.current(event, { x: event.clientX - left, y: event.clientY - top });
    };
    element?.addEventListener('wheel', listen, { passive: false });
    return () => {
      element?.removeEventListener('wheel', listen);
    };
  }, [ref]);
}

function useDrag(onDrag: (dx: number, dy: number) => void): PointerHandlers {
  const press = React.useRef<{ x: number; y: number; dragging: boolean } | null>(null);
  const release = (): void => {
    // After the click that this release makes, if it makes one.
    setTimeout(() => {
      press.current = null;
    });
  };
  return {
    onPointerDown: event => {
      if (event.button === 0) {
        press.current = { x: event.clientX, y: event.clientY, dragging: false };
      }
    },
    onPointerMove: event => {
      const last = press.current;
      if (last === null || event.buttons === 0) {
        return;
      }
      const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
      if (!last.dragging && Math.hypot(dx, dy) < DRAG_THRESHOLD) {
        return;
      }
      if (!last.dragging) {
        event.currentTarget.setPointerCapture(event.pointerId);
      }
      press.current = { x: event.clientX, y: event.clientY, dragging: true };
      onDrag(dx, dy);
    },
    onPointerUp: release,
    onPointerCancel: release,
    onClickCapture: event => {
      if (press.current?.dragging === true) {
        event.stopPropagation();
      }
    }
  };
}

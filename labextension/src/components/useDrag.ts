import * as React from 'react';

/** A press that moves less than this many pixels is a click. */
const THRESHOLD = 4;

export type DragHandlers = Pick<
  React.DOMAttributes<HTMLDivElement>,
  'onPointerDown' | 'onPointerMove' | 'onPointerUp' | 'onPointerCancel' | 'onClickCapture'
>;

/** Reports how far the mouse has moved while pressed, and withholds the click that ends a drag. */
export function useDrag(onDrag: (dx: number, dy: number) => void): DragHandlers {
  const press = React.useRef<{ x: number; y: number; dragging: boolean } | null>(null);
  const release = (): void => {
    // After the click that this release makes, if it makes one.
    setTimeout(() => {
      press.current = null;
    });
  };
  return {
    onPointerDown: event => {
      if (event.button === 0 && event.pointerType === 'mouse') {
        press.current = { x: event.clientX, y: event.clientY, dragging: false };
      }
    },
    onPointerMove: event => {
      const last = press.current;
      if (last === null || event.buttons === 0) {
        return;
      }
      const [dx, dy] = [event.clientX - last.x, event.clientY - last.y];
      if (!last.dragging && Math.hypot(dx, dy) < THRESHOLD) {
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

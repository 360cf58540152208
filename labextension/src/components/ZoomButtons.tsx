import * as React from 'react';

import type { ViewportControls } from './useViewport';

/** Zoom in, zoom out, and fit, in the graph's corner. */
export function ZoomButtons({ controls }: { controls: ViewportControls }): React.JSX.Element {
  return (
    <div className="mlpipe-ZoomButtons" role="group" aria-label="Zoom">
      <button title="Zoom in (+)" aria-label="Zoom in" onClick={controls.zoomIn}>
        +
      </button>
      <button title="Zoom out (−)" aria-label="Zoom out" onClick={controls.zoomOut}>
        −
      </button>
      <button
        title="Fit the graph (0)"
        aria-label="Fit the graph"
        data-mlpipe="fit"
        onClick={controls.fit}
      >
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M2,6 V2 H6 M10,2 H14 V6 M14,10 V14 H10 M6,14 H2 V10" />
        </svg>
      </button>
    </div>
  );
}

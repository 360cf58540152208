import * as React from 'react';

/** Drawn in a circle of radius 8; the form tells the status, the colour repeats it. */
const FORMS: Record<string, string> = {
  succeeded: 'M-3.6,0.2 L-1.1,2.8 L3.8,-2.6',
  cached: 'M1.2,-4.6 L-2.8,0.8 H2.6 L-1.2,4.6',
  failed: 'M-2.8,-2.8 L2.8,2.8 M2.8,-2.8 L-2.8,2.8',
  stale: 'M0,-4.2 V0.8 M0,3.6 V3.7',
  running: 'M0,-4.5 A4.5,4.5 0 1 1 -4.5,0',
  queued: 'M0,-3.6 V0 L2.6,1.6',
  cancelled: 'M-3,0 H3',
  skipped: 'M-3.2,-2.8 L0,0 L-3.2,2.8 M1.4,-2.8 L4.4,0 L1.4,2.8'
};

/** A status as a coloured disc with a sign, inside an SVG. */
export function StatusDisc(props: { status: string; x: number; y: number }): React.JSX.Element {
  const form = FORMS[props.status];
  return (
    <g
      className="mlpipe-StatusDisc"
      data-status={props.status}
      transform={`translate(${props.x},${props.y})`}
    >
      <circle r={8} />
      {form !== undefined && <path d={form} />}
    </g>
  );
}

/** The same beside a line of text. */
export function StatusGlyph(props: { status: string }): React.JSX.Element {
  return (
    <svg className="mlpipe-StatusGlyph" viewBox="-9 -9 18 18" aria-hidden="true">
      <StatusDisc status={props.status} x={0} y={0} />
    </svg>
  );
}

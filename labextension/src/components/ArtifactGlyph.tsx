import * as React from 'react';

/** One line drawing per artifact type, 12 by 12 around the origin. */
const FORMS: Record<string, string> = {
  DATA: 'M-5,-5 H5 V5 H-5 Z M-5,-1.5 H5 M-5,2 H5 M-1.5,-5 V5',
  MODEL: 'M0,-6 L5.2,-3 V3 L0,6 L-5.2,3 V-3 Z M0,0 V6 M0,0 L5.2,-3 M0,0 L-5.2,-3',
  DATA_ANALYSIS: 'M-5,5.5 H5.5 M-3.5,5 V0 M0,5 V-5 M3.5,5 V-2.5',
  SERVICE: 'M-5.5,-4.5 H5.5 V-0.8 H-5.5 Z M-5.5,0.8 H5.5 V4.5 H-5.5 Z M-3,-2.6 V-2.5 M-3,2.6 V2.7'
};
const OTHER = 'M-3.5,-6 H1.5 L4.5,-3 V6 H-3.5 Z M1.5,-6 V-3 H4.5';

/** An artifact's type as a small drawing, inside an SVG. */
export function ArtifactGlyph(props: { type: string; x: number; y: number }): React.JSX.Element {
  return (
    <path
      className="mlpipe-ArtifactGlyph"
      d={FORMS[props.type] ?? OTHER}
      transform={`translate(${props.x},${props.y})`}
    />
  );
}

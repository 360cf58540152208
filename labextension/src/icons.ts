import { LabIcon } from '@jupyterlab/ui-components';

/** Two steps whose results meet in a third. */
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <rect x="2" y="3" width="8" height="6" rx="1.6"/>
    <rect x="14" y="3" width="8" height="6" rx="1.6"/>
    <rect x="8" y="15.5" width="8" height="6" rx="1.6"/>
    <path d="M5.2 9h1.7v2.2c0 .5.3.8.8.8h8.6c.5 0 .8-.3.8-.8V9h1.7v2.4c0 1.3-.9 2.2-2.2 2.2h-3.8v1.9h-1.7v-1.9H7.4c-1.3 0-2.2-.9-2.2-2.2z"/>
  </g>
</svg>`;

export const pipelineIcon = new LabIcon({ name: 'jupyter-mlpipe:pipeline', svgstr: SVG });

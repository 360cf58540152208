"use strict";(self.rspackChunkjupyter_mlpipe=self.rspackChunkjupyter_mlpipe||[]).push([[700],{475(o,e,r){var i=r(601),p=r.n(i),t=r(314),a=(r.n(t))()(p());a.push([o.id,`.mlpipe-Sidebar {
  display: flex;
  flex-direction: column;
  height: 100%;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.mlpipe-Sidebar-body {
  display: flex;
  flex: 1;
  flex-direction: column;
  min-height: 0;
}

.mlpipe-Header {
  flex: none;
  border-bottom: var(--jp-border-width) solid var(--jp-border-color1);
}

.mlpipe-Header-row {
  display: flex;
  gap: 6px;
  align-items: center;
  padding: 8px 10px 4px;
}

.mlpipe-Header-row h2 {
  flex: 1;
  min-width: 0;
  margin: 0;
  overflow: hidden;
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.mlpipe-Tabs {
  display: flex;
  padding: 0 6px;
}

.mlpipe-Tabs button {
  padding: 6px 10px;
  border: none;
  border-bottom: 2px solid transparent;
  color: var(--jp-ui-font-color2);
  background: none;
  font: inherit;
  cursor: pointer;
}

.mlpipe-Tabs button:hover {
  color: var(--jp-ui-font-color1);
}

.mlpipe-Tabs button[aria-selected='true'] {
  border-bottom-color: var(--jp-brand-color1);
  color: var(--jp-ui-font-color1);
  font-weight: 600;
}

/* Buttons */

.mlpipe-Button {
  padding: 4px 12px;
  border: var(--jp-border-width) solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font: inherit;
  white-space: nowrap;
  cursor: pointer;
}

.mlpipe-Button:hover:not(:disabled) {
  background: var(--jp-layout-color2);
}

.mlpipe-Button.mlpipe-mod-primary {
  border-color: var(--jp-brand-color1);
  color: var(--jp-ui-inverse-font-color1);
  background: var(--jp-brand-color1);
}

.mlpipe-Button.mlpipe-mod-primary:hover:not(:disabled) {
  background: var(--jp-brand-color0);
}

.mlpipe-Button:disabled {
  opacity: 0.5;
  cursor: default;
}

.mlpipe-Count {
  display: inline-block;
  min-width: 1.5em;
  margin-left: 6px;
  padding: 0 4px;
  border-radius: 1em;
  box-sizing: border-box;
  color: var(--jp-layout-color1);
  background: var(--jp-warn-color1);
  font-size: var(--jp-ui-font-size0);
  font-weight: 600;
  text-align: center;
}

.mlpipe-IconButton {
  flex: none;
  width: 24px;
  height: 24px;
  padding: 4px;
  border: none;
  border-radius: var(--jp-border-radius);
  color: var(--jp-ui-font-color2);
  background: none;
  cursor: pointer;
}

.mlpipe-IconButton:hover {
  background: var(--jp-layout-color2);
}

.mlpipe-IconButton svg,
.mlpipe-ZoomButtons svg {
  display: block;
  width: 16px;
  height: 16px;
  fill: none;
  stroke: currentcolor;
  stroke-width: 1.6;
  stroke-linecap: round;
  stroke-linejoin: round;
}

.mlpipe-IconButton[data-loading] svg {
  animation: mlpipe-turn 1s linear infinite;
}

.mlpipe-Link {
  margin-right: 8px;
  padding: 0;
  border: none;
  color: var(--jp-content-link-color);
  background: none;
  font: inherit;
  cursor: pointer;
}

.mlpipe-Link:hover {
  text-decoration: underline;
}

.mlpipe-Sidebar button:focus-visible,
.mlpipe-PromoteDialog button:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

/* Notices and empty states */

.mlpipe-Notice {
  flex: none;
  max-height: 30%;
  margin: 8px 10px 0;
  padding: 6px 10px;
  overflow: auto;
  border-left: 3px solid var(--jp-info-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color2);
}

.mlpipe-Notice.mlpipe-mod-warning {
  border-left-color: var(--jp-warn-color1);
}

.mlpipe-Notice.mlpipe-mod-error {
  border-left-color: var(--jp-error-color1);
}

.mlpipe-Notice p {
  margin: 0;
  line-height: 1.4;
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}

.mlpipe-Notice p + p {
  margin-top: 6px;
}

.mlpipe-Empty {
  padding: 40px 24px;
  color: var(--jp-ui-font-color2);
  line-height: 1.5;
  text-align: center;
}

.mlpipe-Empty p {
  margin: 0 0 6px;
}

.mlpipe-Empty-title {
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
}

.mlpipe-Empty code {
  padding: 1px 5px;
  border-radius: var(--jp-border-radius);
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color2);
  font-family: var(--jp-code-font-family);
  white-space: nowrap;
}

/* Statuses: one colour each, set once */

[data-status='succeeded'],
.mlpipe-StatusDisc[data-status='succeeded'] {
  --mlpipe-status: var(--jp-success-color1);
}

[data-status='cached'],
.mlpipe-StatusDisc[data-status='cached'] {
  --mlpipe-status: var(--jp-brand-color1);
}

[data-status='running'],
.mlpipe-StatusDisc[data-status='running'] {
  --mlpipe-status: var(--jp-info-color1);
}

[data-status='failed'],
.mlpipe-StatusDisc[data-status='failed'] {
  --mlpipe-status: var(--jp-error-color1);
}

[data-status='stale'],
.mlpipe-StatusDisc[data-status='stale'] {
  --mlpipe-status: var(--jp-warn-color1);
}

[data-status='not_run'],
[data-status='queued'],
[data-status='skipped'],
[data-status='cancelled'] {
  --mlpipe-status: var(--jp-ui-font-color3);
}

.mlpipe-StatusDisc circle {
  fill: var(--mlpipe-status);
}

.mlpipe-StatusDisc path {
  fill: none;
  stroke: var(--jp-layout-color1);
  stroke-width: 1.8;
  stroke-linecap: round;
  stroke-linejoin: round;
}

.mlpipe-StatusDisc[data-status='not_run'] circle {
  fill: none;
  stroke: var(--mlpipe-status);
  stroke-width: 1.4;
  stroke-dasharray: 2.5 2.5;
}

.mlpipe-StatusDisc[data-status='running'] path {
  animation: mlpipe-turn 1s linear infinite;
}

.mlpipe-StatusGlyph {
  flex: none;
  width: 16px;
  height: 16px;
}

@keyframes mlpipe-turn {
  to {
    transform: rotate(360deg);
  }
}

@media (prefers-reduced-motion: reduce) {
  .mlpipe-StatusDisc[data-status='running'] path,
  .mlpipe-IconButton[data-loading] svg {
    animation: none;
  }
}

/* Beside cells */

.mlpipe-StaleMark {
  position: absolute;
  top: 26px;
  left: calc(var(--jp-cell-collapser-width) + var(--jp-cell-padding));
  width: var(--jp-cell-prompt-width);
  padding-right: 6px;
  border-right: 2px solid var(--jp-warn-color1);
  box-sizing: border-box;
  color: var(--jp-ui-font-color2);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size0);
  line-height: 14px;
  text-align: right;
  cursor: help;
}
`,""]),r.d(e,{},{A:a})},596(o,e,r){var i=r(601),p=r.n(i),t=r(314),a=(r.n(t))()(p());a.push([o.id,`.mlpipe-Details {
  display: flex;
  flex: 0 1 auto;
  flex-direction: column;
  max-height: 58%;
  border-top: var(--jp-border-width) solid var(--jp-border-color1);
  background: var(--jp-layout-color1);
}

.mlpipe-Details > header {
  display: flex;
  flex: none;
  gap: 6px;
  align-items: center;
  padding: 6px 6px 4px 10px;
}

.mlpipe-Details h2 {
  min-width: 0;
  margin: 0;
  overflow: hidden;
  font-size: var(--jp-ui-font-size2);
  font-weight: 600;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.mlpipe-Details > header .mlpipe-IconButton {
  margin-left: auto;
}

.mlpipe-Details-tag,
.mlpipe-Tags li {
  flex: none;
  padding: 1px 7px;
  border-radius: 9px;
  border: var(--jp-border-width) solid var(--jp-border-color1);
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color2);
  font-size: var(--jp-ui-font-size0);
}

.mlpipe-Details-body {
  padding: 0 10px 12px;
  overflow: auto;
}

.mlpipe-Details-body > p {
  margin: 4px 0 8px;
  line-height: 1.4;
  overflow-wrap: anywhere;
}

.mlpipe-StepStatus {
  display: flex;
  gap: 6px;
  align-items: center;
}

.mlpipe-Facts {
  display: grid;
  grid-template-columns: max-content 1fr;
  gap: 3px 12px;
  margin: 2px 0 8px;
}

.mlpipe-Facts dt {
  color: var(--jp-ui-font-color2);
}

.mlpipe-Facts dd {
  min-width: 0;
  margin: 0;
  overflow-wrap: anywhere;
}

.mlpipe-Facts code,
.mlpipe-Versions code {
  font-family: var(--jp-code-font-family);
  font-size: 0.95em;
}

.mlpipe-Tags {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
  margin: 0 0 8px;
  padding: 0;
  list-style: none;
}

.mlpipe-Tags li {
  overflow-wrap: anywhere;
}

.mlpipe-Section {
  margin-top: 12px;
}

.mlpipe-Section h3,
.mlpipe-Written h3 {
  margin: 0 0 5px;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  font-weight: 600;
  letter-spacing: 0.04em;
  text-transform: uppercase;
}

.mlpipe-Section p {
  margin: 0;
  color: var(--jp-ui-font-color2);
}

.mlpipe-Code,
.mlpipe-Preview-text,
.mlpipe-StepRow-error {
  max-height: 240px;
  margin: 0 0 6px;
  padding: 6px 8px;
  overflow: auto;
  border: var(--jp-border-width) solid var(--jp-border-color2);
  border-radius: var(--jp-border-radius);
  color: var(--jp-content-font-color1);
  background: var(--jp-cell-editor-background);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  line-height: 1.4;
}

.mlpipe-Preview-table {
  margin: 0;
}

.mlpipe-Preview-scroll {
  max-height: 260px;
  overflow: auto;
  border: var(--jp-border-width) solid var(--jp-border-color2);
  border-radius: var(--jp-border-radius);
}

.mlpipe-Preview-scroll table {
  width: 100%;
  border-collapse: collapse;
  font-size: var(--jp-ui-font-size0);
  font-variant-numeric: tabular-nums;
}

.mlpipe-Preview-scroll th {
  position: sticky;
  top: 0;
  padding: 4px 8px;
  border-bottom: var(--jp-border-width) solid var(--jp-border-color1);
  background: var(--jp-layout-color2);
  font-weight: 400;
  text-align: left;
  vertical-align: top;
}

.mlpipe-Preview-scroll td {
  max-width: 220px;
  padding: 3px 8px;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

/* JupyterLab's own colour for it is, in its dark theme, that of what lies below. */
.mlpipe-Preview-scroll tbody tr:nth-child(even) {
  background: color-mix(in srgb, var(--jp-ui-font-color1) 5%, transparent);
}

.mlpipe-Preview-scroll [data-number] {
  text-align: right;
}

.mlpipe-Preview-scroll [data-missing] {
  color: var(--jp-ui-font-color2);
  font-style: italic;
}

.mlpipe-Column-name {
  display: block;
  font-weight: 600;
  white-space: nowrap;
}

.mlpipe-Column-note {
  display: block;
  color: var(--jp-ui-font-color2);
  white-space: nowrap;
}

.mlpipe-Preview-table figcaption {
  padding-top: 3px;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

.mlpipe-Preview-page {
  width: 100%;
  height: 320px;
  border: var(--jp-border-width) solid var(--jp-border-color2);
  border-radius: var(--jp-border-radius);
  background: white; /* what the page takes for granted */
  color-scheme: light;
  resize: vertical;
}

.mlpipe-Preview-page[data-dark] {
  background: var(--jp-cell-editor-background);
  color-scheme: dark;
}

.mlpipe-Preview-image {
  max-width: 100%;
  border: var(--jp-border-width) solid var(--jp-border-color2);
  border-radius: var(--jp-border-radius);
}

.mlpipe-Metadata {
  width: 100%;
  border-collapse: collapse;
}

.mlpipe-Metadata th,
.mlpipe-Metadata td {
  padding: 3px 8px 3px 0;
  border-bottom: var(--jp-border-width) solid var(--jp-border-color2);
  font-weight: 400;
  text-align: left;
  vertical-align: top;
  overflow-wrap: anywhere;
}

.mlpipe-Metadata th {
  width: 35%;
  color: var(--jp-ui-font-color2);
}

.mlpipe-Versions {
  margin: 0;
  padding: 0;
  list-style: none;
}

.mlpipe-Versions button {
  display: flex;
  flex-wrap: wrap;
  gap: 1px 10px;
  align-items: baseline;
  width: 100%;
  padding: 4px 8px;
  border: none;
  border-left: 2px solid transparent;
  border-radius: var(--jp-border-radius);
  color: var(--jp-ui-font-color2);
  background: none;
  font: inherit;
  text-align: left;
  cursor: pointer;
}

.mlpipe-Versions button:hover {
  background: var(--jp-layout-color2);
}

.mlpipe-Versions button[aria-current] {
  border-left-color: var(--jp-brand-color1);
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color2);
}

.mlpipe-Versions span {
  white-space: nowrap;
}

.mlpipe-Versions b {
  color: var(--jp-ui-font-color1);
}
`,""]),r.d(e,{},{A:a})},770(o,e,r){var i=r(601),p=r.n(i),t=r(314),a=(r.n(t))()(p());a.push([o.id,`.mlpipe-Lineage {
  display: flex;
  flex: 1;
  flex-direction: column;
  min-height: 0;
}

.mlpipe-Graph {
  display: flex;
  flex: 1 1 40%;
  flex-direction: column;
  min-height: 160px;
}

.mlpipe-Graph-window {
  flex: 1;
  min-height: 0;
  overflow: auto;
  cursor: grab;
  user-select: none;
}

.mlpipe-Graph-window:active {
  cursor: grabbing;
}

.mlpipe-Graph-window > svg {
  display: block;
}

.mlpipe-Edge {
  fill: none;
  stroke: var(--jp-border-color0);
  stroke-width: 1.3;
}

.mlpipe-Edge[data-selected] {
  stroke: var(--jp-brand-color1);
  stroke-width: 2;
}

.mlpipe-Arrow {
  fill: var(--jp-border-color0);
}

.mlpipe-Node {
  cursor: pointer;
  outline: none;
}

.mlpipe-Node-card {
  fill: var(--jp-layout-color1);
  stroke: var(--jp-border-color1);
  stroke-width: 1.2;
}

.mlpipe-Node-artifact .mlpipe-Node-card {
  fill: var(--jp-layout-color2);
}

.mlpipe-Node-artifact.mlpipe-mod-outside .mlpipe-Node-card {
  stroke: var(--jp-warn-color1);
  stroke-dasharray: 4 3;
}

.mlpipe-Node-artifact[data-status='stale'] .mlpipe-Node-card {
  stroke: var(--jp-warn-color1);
}

.mlpipe-Node-artifact[data-status='stale'] .mlpipe-ArtifactGlyph {
  stroke: var(--jp-warn-color1);
}

.mlpipe-Node:hover .mlpipe-Node-card {
  stroke: var(--jp-ui-font-color2);
}

.mlpipe-Node[aria-pressed='true'] .mlpipe-Node-card {
  stroke: var(--jp-brand-color1);
  stroke-width: 2.4;
}

.mlpipe-Node:focus-visible .mlpipe-Node-card {
  stroke: var(--jp-brand-color1);
  stroke-width: 3.4;
}

.mlpipe-Node-bar {
  fill: var(--mlpipe-status);
}

.mlpipe-Node-title {
  fill: var(--jp-ui-font-color1);
  font-size: 13px;
  font-weight: 600;
}

.mlpipe-Node-artifact .mlpipe-Node-title {
  font-size: 12px;
  font-weight: 500;
}

.mlpipe-Node-subtitle,
.mlpipe-Node-artifact .mlpipe-Node-tag {
  fill: var(--jp-ui-font-color2);
  font-size: 10.5px;
  font-weight: 400;
}

.mlpipe-ArtifactGlyph {
  fill: none;
  stroke: var(--jp-ui-font-color2);
  stroke-width: 1.2;
  stroke-linecap: round;
  stroke-linejoin: round;
}

.mlpipe-Graph > footer {
  display: flex;
  flex: none;
  gap: 8px;
  align-items: center;
  justify-content: space-between;
  padding: 4px 8px 4px 10px;
  border-top: var(--jp-border-width) solid var(--jp-border-color2);
}

.mlpipe-ZoomButtons {
  display: flex;
  flex: none;
}

.mlpipe-ZoomButtons button {
  display: flex;
  align-items: center;
  justify-content: center;
  width: 24px;
  height: 24px;
  padding: 0;
  border: none;
  border-radius: var(--jp-border-radius);
  color: var(--jp-ui-font-color1);
  background: none;
  font-size: 15px;
  cursor: pointer;
}

.mlpipe-ZoomButtons button:hover {
  background: var(--jp-layout-color2);
}

.mlpipe-ZoomButtons svg {
  width: 13px;
  height: 13px;
}

.mlpipe-Legend {
  display: flex;
  flex-wrap: wrap;
  gap: 2px 12px;
  margin: 0;
  padding: 0;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  list-style: none;
}

.mlpipe-Legend li {
  display: flex;
  gap: 4px;
  align-items: center;
}

.mlpipe-Legend .mlpipe-StatusGlyph {
  width: 12px;
  height: 12px;
}
`,""]),r.d(e,{},{A:a})},646(o,e,r){var i=r(601),p=r.n(i),t=r(314),a=r.n(t),l=r(475),n=r(770),d=r(596),s=r(278),c=r(446),m=a()(p());m.i(l.A),m.i(n.A),m.i(d.A),m.i(s.A),m.i(c.A),m.push([o.id,`
`,""]),r.d(e,{},{A:m})},446(o,e,r){var i=r(601),p=r.n(i),t=r(314),a=(r.n(t))()(p());a.push([o.id,`.mlpipe-PromoteDialog {
  width: min(1000px, 94vw);
  height: min(760px, 90vh);
  padding: 0;
  border: var(--jp-border-width) solid var(--jp-border-color1);
  border-radius: 6px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  box-shadow: var(--jp-elevation-z20);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.mlpipe-PromoteDialog::backdrop {
  background: var(--jp-dialog-background);
}

.mlpipe-Promote {
  display: flex;
  flex-direction: column;
  height: 100%;
}

.mlpipe-Promote > header {
  flex: none;
  padding: 16px 20px 12px;
  border-bottom: var(--jp-border-width) solid var(--jp-border-color2);
}

.mlpipe-Promote h2 {
  margin: 0 0 3px;
  font-size: var(--jp-ui-font-size3);
  font-weight: 600;
  overflow-wrap: anywhere;
}

.mlpipe-Promote > header p {
  margin: 0;
  color: var(--jp-ui-font-color2);
}

.mlpipe-Promote-columns {
  display: grid;
  flex: 1;
  grid-template-columns: minmax(240px, 340px) 1fr;
  min-height: 0;
}

.mlpipe-Promote-form {
  padding: 14px 20px;
  overflow: auto;
  border-right: var(--jp-border-width) solid var(--jp-border-color2);
}

.mlpipe-Promote-result {
  display: flex;
  flex-direction: column;
  min-width: 0;
  min-height: 0;
  padding-bottom: 10px;
}

.mlpipe-Promote-result .mlpipe-Notice {
  margin: 10px 14px 0;
}

.mlpipe-Promote > footer {
  display: flex;
  flex: none;
  gap: 8px;
  justify-content: flex-end;
  padding: 12px 20px;
  border-top: var(--jp-border-width) solid var(--jp-border-color2);
}

.mlpipe-Promote > footer .mlpipe-Button:first-child {
  margin-right: auto;
}

.mlpipe-Promote > footer .mlpipe-Button {
  padding: 6px 16px;
}

/* Form */

.mlpipe-Promote fieldset {
  min-width: 0;
  margin: 0 0 16px;
  padding: 0;
  border: none;
}

.mlpipe-Promote fieldset:disabled {
  color: var(--jp-ui-font-color2);
}

.mlpipe-Promote legend {
  padding: 0 0 6px;
  font-weight: 600;
}

.mlpipe-Field {
  display: grid;
  grid-template-columns: 96px 1fr;
  gap: 3px 8px;
  align-items: center;
  margin-bottom: 8px;
}

.mlpipe-Field label {
  overflow: hidden;
  text-overflow: ellipsis;
}

.mlpipe-Field p,
.mlpipe-Field-note {
  grid-column: 2;
  margin: 0;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

.mlpipe-Field-note {
  margin-bottom: 6px;
}

.mlpipe-Field p.mlpipe-mod-fault {
  color: var(--jp-error-color1);
}

.mlpipe-Field input[type='text'],
.mlpipe-Field select {
  box-sizing: border-box;
  width: 100%;
  height: 28px;
  padding: 0 7px;
  border: var(--jp-border-width) solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  color: var(--jp-ui-font-color1);
  background: var(--jp-input-background);
  font: inherit;
}

.mlpipe-Field input[type='text']:disabled,
.mlpipe-Field select:disabled {
  opacity: 0.6;
}

.mlpipe-Field select option {
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
}

.mlpipe-Field input[type='checkbox'] {
  justify-self: start;
}

.mlpipe-Field input.mlpipe-mod-code {
  font-family: var(--jp-code-font-family);
}

.mlpipe-Field input[type='text']:focus,
.mlpipe-Field select:focus {
  border-color: var(--jp-brand-color1);
  outline: 1px solid var(--jp-brand-color1);
}

.mlpipe-Field [aria-invalid='true'] {
  border-color: var(--jp-error-color1);
}

.mlpipe-Targets label {
  display: flex;
  gap: 8px;
  align-items: flex-start;
  margin-bottom: 4px;
  padding: 6px 8px;
  border: var(--jp-border-width) solid var(--jp-border-color2);
  border-radius: var(--jp-border-radius);
  cursor: pointer;
}

.mlpipe-Targets label:has(:checked) {
  border-color: var(--jp-brand-color1);
  background: var(--jp-layout-color2);
}

.mlpipe-Targets label:has(:focus-visible) {
  outline: 2px solid var(--jp-brand-color1);
}

.mlpipe-Targets input {
  margin: 2px 0 0;
  accent-color: var(--jp-brand-color1);
}

.mlpipe-Targets b {
  font-weight: 600;
}

.mlpipe-Targets small {
  display: block;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

.mlpipe-Fires {
  margin-left: 104px;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

.mlpipe-Fires ol {
  margin: 2px 0 0;
  padding: 0;
  list-style: none;
  font-variant-numeric: tabular-nums;
}

/* Result */

.mlpipe-Files {
  display: flex;
  flex: 1;
  flex-direction: column;
  min-height: 120px;
  margin: 10px 14px 0;
}

.mlpipe-Files-tabs {
  display: flex;
  flex: none;
  overflow-x: auto;
}

.mlpipe-Files-tabs button {
  flex: none;
  padding: 5px 10px;
  border: var(--jp-border-width) solid transparent;
  border-bottom: none;
  border-radius: var(--jp-border-radius) var(--jp-border-radius) 0 0;
  color: var(--jp-ui-font-color2);
  background: none;
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-ui-font-size0);
  cursor: pointer;
}

.mlpipe-Files-tabs button[aria-selected='true'] {
  border-color: var(--jp-border-color2);
  color: var(--jp-ui-font-color1);
  background: var(--jp-cell-editor-background);
}

.mlpipe-Files-text {
  flex: 1;
  margin: 0;
  padding: 8px 10px;
  overflow: auto;
  border: var(--jp-border-width) solid var(--jp-border-color2);
  border-radius: 0 0 var(--jp-border-radius) var(--jp-border-radius);
  color: var(--jp-content-font-color1);
  background: var(--jp-cell-editor-background);
  font-family: var(--jp-code-font-family);
  font-size: 12px;
  line-height: 1.45;
}

.mlpipe-Written {
  flex: none;
  max-height: 40%;
  margin: 10px 14px 0;
  padding: 8px 12px;
  overflow: auto;
  border-left: 3px solid var(--jp-success-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color2);
}

.mlpipe-Written ul {
  margin: 0 0 6px;
  padding: 0;
  list-style: none;
}

.mlpipe-Written p {
  margin: 0 0 3px;
}

.mlpipe-Written code {
  font-family: var(--jp-code-font-family);
  font-size: 12px;
  overflow-wrap: anywhere;
}

.mlpipe-Command {
  display: flex;
  gap: 8px;
  align-items: center;
}

.mlpipe-Command code {
  flex: 1;
  padding: 4px 8px;
  background: var(--jp-layout-color1);
}
`,""]),r.d(e,{},{A:a})},278(o,e,r){var i=r(601),p=r.n(i),t=r(314),a=(r.n(t))()(p());a.push([o.id,`.mlpipe-RunsTab {
  flex: 1;
  min-height: 0;
  overflow: auto;
}

.mlpipe-Runs,
.mlpipe-Runs ol {
  margin: 0;
  padding: 0;
  list-style: none;
}

.mlpipe-Runs > li {
  border-bottom: var(--jp-border-width) solid var(--jp-border-color2);
}

.mlpipe-Runs > li > button {
  display: grid;
  grid-template-columns: max-content max-content 1fr;
  gap: 1px 8px;
  align-items: center;
  width: 100%;
  padding: 7px 10px;
  border: none;
  color: var(--jp-ui-font-color1);
  background: none;
  font: inherit;
  text-align: left;
  cursor: pointer;
}

.mlpipe-Runs > li > button:hover {
  background: var(--jp-layout-color2);
}

.mlpipe-Run-kind {
  font-weight: 600;
}

.mlpipe-Run-status,
.mlpipe-Run-time {
  color: var(--jp-ui-font-color2);
}

.mlpipe-Run-time {
  grid-column: 2 / -1;
  font-size: var(--jp-ui-font-size0);
}

.mlpipe-Run-body {
  padding: 0 10px 10px 34px;
}

.mlpipe-Run-body > p {
  margin: 0 0 6px;
  color: var(--jp-ui-font-color2);
}

.mlpipe-Run-parameters {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-ui-font-size0);
  overflow-wrap: anywhere;
}

.mlpipe-Run-body li + li {
  margin-top: 8px;
}

.mlpipe-StepRow {
  display: flex;
  gap: 6px;
  align-items: center;
  margin: 0;
}

.mlpipe-StepRow b {
  font-weight: 600;
  overflow-wrap: anywhere;
}

.mlpipe-StepRow span,
.mlpipe-StepRow-note {
  color: var(--jp-ui-font-color2);
}

.mlpipe-StepRow-note {
  margin: 1px 0 0 22px;
  font-size: var(--jp-ui-font-size0);
  overflow-wrap: anywhere;
}

.mlpipe-StepRow-error {
  margin: 4px 0 0 22px;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
`,""]),r.d(e,{},{A:a})},314(o){o.exports=function(o){var e=[];return e.toString=function(){return this.map(function(e){var r="",i=void 0!==e[5];return e[4]&&(r+="@supports (".concat(e[4],") {")),e[2]&&(r+="@media ".concat(e[2]," {")),i&&(r+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),r+=o(e),i&&(r+="}"),e[2]&&(r+="}"),e[4]&&(r+="}"),r}).join("")},e.i=function(o,r,i,p,t){"string"==typeof o&&(o=[[null,o,void 0]]);var a={};if(i)for(var l=0;l<this.length;l++){var n=this[l][0];null!=n&&(a[n]=!0)}for(var d=0;d<o.length;d++){var s=[].concat(o[d]);i&&a[s[0]]||(void 0!==t&&(void 0===s[5]||(s[1]="@layer".concat(s[5].length>0?" ".concat(s[5]):""," {").concat(s[1],"}")),s[5]=t),r&&(s[2]&&(s[1]="@media ".concat(s[2]," {").concat(s[1],"}")),s[2]=r),p&&(s[4]?(s[1]="@supports (".concat(s[4],") {").concat(s[1],"}"),s[4]=p):s[4]="".concat(p)),e.push(s))}},e}},601(o){o.exports=function(o){return o[1]}},72(o){var e=[];function r(o){for(var r=-1,i=0;i<e.length;i++)if(e[i].identifier===o){r=i;break}return r}function i(o,i){for(var p={},t=[],a=0;a<o.length;a++){var l=o[a],n=i.base?l[0]+i.base:l[0],d=p[n]||0,s="".concat(n," ").concat(d);p[n]=d+1;var c=r(s),m={css:l[1],media:l[2],sourceMap:l[3],supports:l[4],layer:l[5]};if(-1!==c)e[c].references++,e[c].updater(m);else{var u=function(o,e){var r=e.domAPI(e);return r.update(o),function(e){e?(e.css!==o.css||e.media!==o.media||e.sourceMap!==o.sourceMap||e.supports!==o.supports||e.layer!==o.layer)&&r.update(o=e):r.remove()}}(m,i);i.byIndex=a,e.splice(a,0,{identifier:s,updater:u,references:1})}t.push(s)}return t}o.exports=function(o,p){var t=i(o=o||[],p=p||{});return function(o){o=o||[];for(var a=0;a<t.length;a++){var l=r(t[a]);e[l].references--}for(var n=i(o,p),d=0;d<t.length;d++){var s=r(t[d]);0===e[s].references&&(e[s].updater(),e.splice(s,1))}t=n}}},659(o){var e={};o.exports=function(o,r){var i=function(o){if(void 0===e[o]){var r=document.querySelector(o);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(o){r=null}e[o]=r}return e[o]}(o);if(!i)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");i.appendChild(r)}},540(o){o.exports=function(o){var e=document.createElement("style");return o.setAttributes(e,o.attributes),o.insert(e,o.options),e}},56(o,e,r){o.exports=function(o){var e=r.nc;e&&o.setAttribute("nonce",e)}},825(o){o.exports=function(o){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=o.insertStyleElement(o);return{update:function(r){var i,p,t;i="",r.supports&&(i+="@supports (".concat(r.supports,") {")),r.media&&(i+="@media ".concat(r.media," {")),(p=void 0!==r.layer)&&(i+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),i+=r.css,p&&(i+="}"),r.media&&(i+="}"),r.supports&&(i+="}"),(t=r.sourceMap)&&"u">typeof btoa&&(i+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(t))))," */")),o.styleTagTransform(i,e,o.options)},remove:function(){var o;null===(o=e).parentNode||o.parentNode.removeChild(o)}}}},113(o){o.exports=function(o,e){if(e.styleSheet)e.styleSheet.cssText=o;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(o))}}},959(o,e,r){var i=r(72),p=r.n(i),t=r(825),a=r.n(t),l=r(659),n=r.n(l),d=r(56),s=r.n(d),c=r(540),m=r.n(c),u=r(113),f=r.n(u),v=r(646),g={};g.styleTagTransform=f(),g.setAttributes=s(),g.insert=n().bind(null,"head"),g.domAPI=a(),g.insertStyleElement=m(),p()(v.A,g),v.A&&v.A.locals&&v.A.locals}}]);
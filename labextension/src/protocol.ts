/* Generated from jupyter_mlpipe.model by `jlpm generate`; do not edit. */

/**
 * Every record by its name.
 */
export interface Records {
  SessionStarted: SessionStarted;
  StepStarted: StepStarted;
  StepFinished: StepFinished;
  OutputNote: OutputNote;
  StepsStale: StepsStale;
  StaleStep: StaleStep;
  StaleReady: StaleReady;
  NotebookMoved: NotebookMoved;
  CellsEdited: CellsEdited;
  CellText: CellText;
  StaleWanted: StaleWanted;
  LineageGraph: LineageGraph;
  GraphNode: GraphNode;
  GraphEdge: GraphEdge;
  ArtifactDetails: ArtifactDetails;
  ArtifactVersion: ArtifactVersion;
  Preview: Preview;
  Column: Column;
  Target: Target;
  PromoteRequest: PromoteRequest;
  Schedule: Schedule;
  PromotePlan: PromotePlan;
  CompiledFile: CompiledFile;
  Parameter: Parameter;
  RunDetails: RunDetails;
  RunView: RunView;
  StepRunView: StepRunView;
  InputView: InputView;
  OutputView: OutputView;
}
export interface SessionStarted {
  run_id: string;
  pipeline: string;
  type: 'session_started';
  format: number;
}
export interface StepStarted {
  run_id: string;
  step: string;
  cell_id: string | null;
  started: number;
  type: 'step_started';
}
export interface StepFinished {
  run_id: string;
  step_run_id: string;
  step: string;
  cell_id: string | null;
  status: string;
  reason: string;
  seconds: number;
  saved_seconds: number;
  outputs: OutputNote[];
  warnings: string[];
  type: 'step_finished';
}
export interface OutputNote {
  variable: string;
  artifact: string;
  version: number;
  nbytes: number;
  mutated: boolean;
  version_name: string | null;
}
export interface StepsStale {
  steps: StaleStep[];
  type: 'steps_stale';
}
export interface StaleStep {
  step: string;
  cell_id: string | null;
  reason: string;
}
export interface StaleReady {
  step: string;
  cell_id: string | null;
  type: 'stale_ready';
}
export interface NotebookMoved {
  path: string;
  type: 'notebook_moved';
}
export interface CellsEdited {
  cells: CellText[];
  type: 'cells_edited';
}
export interface CellText {
  id: string;
  source: string;
  tags: string[];
}
export interface StaleWanted {
  done: string[];
  type: 'stale_wanted';
}
export interface LineageGraph {
  pipeline: string;
  notebook: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  problems: string[];
  format: number;
}
export interface GraphNode {
  id: string;
  kind: 'step' | 'artifact';
  label: string;
  status: string;
  reason: string;
  cell_id: string | null;
  seconds: number;
  artifact: string;
  version: number;
  version_name: string | null;
  type: string;
  python_type: string;
  nbytes: number;
  elements: number;
  outside: boolean;
}
export interface GraphEdge {
  source: string;
  target: string;
}
export interface ArtifactDetails {
  version: ArtifactVersion;
  versions: ArtifactVersion[];
  producer: string | null;
  consumers: string[];
  preview: Preview | null;
  load_code: string;
  format: number;
}
export interface ArtifactVersion {
  id: string;
  name: string;
  digest: string;
  manifest: string;
  version: number;
  version_name: string | null;
  member: string | null;
  type: 'DATA' | 'MODEL' | 'SERVICE' | 'DATA_ANALYSIS' | 'BASE';
  materializer: string;
  python_type: string;
  nbytes: number;
  summary: {
    [k: string]: unknown;
  };
  tags: string[];
  metadata: {
    [k: string]: unknown;
  };
  variable: string;
  step_run: string | null;
  created: number;
}
export interface Preview {
  kind: string;
  text: string;
  columns: Column[];
  rows: string[][];
  total_rows: number;
  image: string;
}
export interface Column {
  name: string;
  dtype: string;
  nulls: number;
  summary: string;
}
export interface Target {
  name: string;
  title: string;
  available: boolean;
  note: string;
  capabilities: string[];
}
export interface PromoteRequest {
  path: string;
  target: string;
  parameters: {
    [k: string]: unknown;
  };
  schedule: Schedule | null;
  out: string;
}
export interface Schedule {
  cron: string;
  timezone: string;
  catchup: boolean;
  concurrency: string;
  start: string | null;
  end: string | null;
}
export interface PromotePlan {
  pipeline: string;
  target: string;
  files: CompiledFile[];
  parameters: Parameter[];
  next_fires: string[];
  warnings: string[];
  written: string[];
  command: string;
  format: number;
}
export interface CompiledFile {
  path: string;
  content: string;
}
export interface Parameter {
  name: string;
  type: string;
  default: unknown;
}
export interface RunDetails {
  run: RunView;
  steps: StepRunView[];
  format: number;
}
export interface RunView {
  id: string;
  pipeline: string;
  kind: string;
  status: string;
  started: number;
  ended: number | null;
  notebook: string;
  parameters: {
    [k: string]: unknown;
  };
  tags: string[];
  metadata: {
    [k: string]: unknown;
  };
}
export interface StepRunView {
  step: string;
  status: string;
  reason: string;
  inputs: InputView[];
  outputs: OutputView[];
  started: number;
  seconds: number;
  id: string;
  cell_id: string | null;
  error: string;
  elements: number;
  deleted: string[];
  uncacheable: string;
  metadata: {
    [k: string]: unknown;
  };
}
export interface InputView {
  variable: string;
  artifact: string;
  version: number | null;
  digest: string;
  produced_by: string | null;
  version_name: string | null;
}
export interface OutputView {
  variable: string;
  artifact: string;
  version: number | null;
  digest: string;
  mutated: boolean;
  version_name: string | null;
}

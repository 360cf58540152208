/** Records as a server would send them. */
import type {
  ArtifactDetails,
  ArtifactVersion,
  GraphNode,
  LineageGraph,
  StepFinished
} from '../protocol';

export function step(label: string, status = 'succeeded'): GraphNode {
  return {
    id: `step:${label}`,
    kind: 'step',
    label,
    status,
    reason: '',
    cell_id: `cell-${label}`,
    seconds: 0.5,
    artifact: '',
    version: 0,
    version_name: null,
    type: '',
    python_type: '',
    nbytes: 0,
    elements: 0,
    outside: false
  };
}

export function artifact(id: string, label: string, version = 1): GraphNode {
  return {
    ...step(label, ''),
    id: `artifact:${id}`,
    kind: 'artifact',
    cell_id: null,
    artifact: `study::${label}`,
    version,
    type: 'DATA',
    python_type: 'pandas.core.frame.DataFrame',
    nbytes: 1200
  };
}

export function graph(nodes: GraphNode[], edges: LineageGraph['edges'] = []): LineageGraph {
  return { pipeline: 'study', notebook: 'study.ipynb', nodes, edges, problems: [], format: 1 };
}

export function finished(label: string, status = 'succeeded'): StepFinished {
  return {
    type: 'step_finished',
    run_id: 'r1',
    step_run_id: 's1',
    step: label,
    cell_id: `cell-${label}`,
    status,
    reason: 'first run',
    seconds: 2,
    saved_seconds: 0,
    outputs: [],
    warnings: []
  };
}

export function version(id: string, number: number): ArtifactVersion {
  return {
    id,
    name: 'study::df',
    digest: 'ab'.repeat(32),
    manifest: 'cd'.repeat(32),
    version: number,
    version_name: null,
    member: null,
    type: 'DATA',
    materializer: 'pandas',
    python_type: 'pandas.core.frame.DataFrame',
    nbytes: 1200,
    summary: { rows: 3 },
    tags: ['<b>raw</b>'],
    metadata: { note: '<img src=x onerror=alert(1)>' },
    variable: 'df',
    step_run: 's1',
    created: 1_700_000_000
  };
}

export function details(): ArtifactDetails {
  return {
    version: version('v2', 2),
    versions: [version('v2', 2), version('v1', 1)],
    producer: 'load',
    consumers: ['train'],
    preview: {
      kind: 'table',
      text: '',
      columns: [{ name: '<i>x</i>', dtype: 'int64', nulls: 2, summary: '1 … 3' }],
      rows: [['<script>1</script>']],
      total_rows: 3,
      image: ''
    },
    load_code: 'df = load_artifact("study::df", 2)',
    format: 1
  };
}

import * as React from 'react';

import type { Api } from '../api';
import { ArtifactPanel } from '../components/ArtifactPanel';
import { DetailsFrame } from '../components/DetailsFrame';
import { LineageGraphView } from '../components/LineageGraphView';
import { EmptyState, Notice } from '../components/Notice';
import { StepPanel } from '../components/StepPanel';
import { versionLabel } from '../format';
import { stepId } from '../graph/live';
import type { NotebookLineage } from '../model';
import type { ArtifactDetails, GraphNode, LineageGraph } from '../protocol';
import { copyText } from './clipboard';
import { useAnswer, type Answer } from './hooks';

const ARTIFACT_PREFIX = 'artifact:';

export interface LineageTabProps {
  api: Api;
  lineage: NotebookLineage;
  /** Scroll the notebook to a cell. */
  onReveal: (cellId: string) => void;
}

/** The graph of one notebook, with the selected node's details below it. */
export function LineageTab(props: LineageTabProps): React.JSX.Element {
  const { lineage, onReveal } = props;
  const { graph } = lineage;
  const [selected, setSelected] = React.useState<string | null>(null);
  const select = (node: GraphNode): void => {
    setSelected(node.id);
    if (node.cell_id !== null) {
      onReveal(node.cell_id);
    }
  };
  if (graph === null || !graph.nodes.some(node => node.kind === 'step')) {
    return <NothingYet lineage={lineage} graph={graph} />;
  }
  const selectStep = (name: string): void => {
    const node = graph.nodes.find(({ id }) => id === stepId(name));
    if (node !== undefined) {
      select(node);
    }
  };
  return (
    <div className="mlpipe-Lineage">
      <Notice kind="error" lines={lineage.error === '' ? [] : [lineage.error]} />
      <Notice kind="warning" lines={graph.problems} />
      <Notice kind="info" lines={hints(lineage)} />
      <LineageGraphView graph={graph} selected={selected} onActivate={select} />
      {selected !== null && (
        <Selection
          {...props}
          {...{ graph, selected, setSelected, selectStep }}
          key={selected.startsWith(ARTIFACT_PREFIX) ? ARTIFACT_PREFIX : selected}
        />
      )}
    </div>
  );
}

interface SelectionProps extends LineageTabProps {
  graph: LineageGraph;
  selected: string;
  setSelected: (id: string | null) => void;
  selectStep: (name: string) => void;
}

function Selection(props: SelectionProps): React.JSX.Element | null {
  const { graph, selected, setSelected, onReveal } = props;
  const node = graph.nodes.find(({ id }) => id === selected);
  if (selected.startsWith(ARTIFACT_PREFIX)) {
    return <ArtifactSelection {...props} />;
  }
  return node === undefined ? null : (
    <DetailsFrame
      title={node.label}
      onClose={() => {
        setSelected(null);
      }}
    >
      {node.kind === 'artifact' ? (
        <p data-mlpipe="reason">{node.reason}</p>
      ) : (
        <StepPanel
          node={node}
          onReveal={() => {
            if (node.cell_id !== null) {
              onReveal(node.cell_id);
            }
          }}
        />
      )}
    </DetailsFrame>
  );
}

function ArtifactSelection(props: SelectionProps): React.JSX.Element {
  const { selected, setSelected } = props;
  const { data, error } = useArtifact(props, selected.slice(ARTIFACT_PREFIX.length));
  return (
    <DetailsFrame
      title={data === null ? 'Artifact' : data.version.variable || data.version.name}
      {...(data === null ? {} : { tag: versionLabel(data.version) })}
      onClose={() => {
        setSelected(null);
      }}
    >
      <Notice kind="error" lines={error === '' ? [] : [error]} />
      {data === null && error === '' && <p>Loading…</p>}
      {data !== null && (
        <ArtifactPanel
          details={data}
          onVersion={version => {
            setSelected(ARTIFACT_PREFIX + version);
          }}
          onStep={props.selectStep}
          onCopy={copyText}
        />
      )}
    </DetailsFrame>
  );
}

/** The details of another version are kept only until those of this one are there, or refused. */
function useArtifact(
  { api, lineage }: LineageTabProps,
  id: string
): Pick<Answer<ArtifactDetails>, 'data' | 'error'> {
  const { data, error } = useAnswer(
    () => api.artifact(id, lineage.path),
    [api, id, lineage.path, lineage.revision]
  );
  return { data: error === '' || data?.version.id === id ? data : null, error };
}

function NothingYet(props: {
  lineage: NotebookLineage;
  graph: LineageGraph | null;
}): React.JSX.Element {
  const { lineage, graph } = props;
  if (graph === null) {
    return lineage.error === '' ? (
      <EmptyState title="Loading…" />
    ) : (
      <Notice kind="error" lines={[lineage.error]} />
    );
  }
  return (
    <>
      <Notice kind="error" lines={lineage.error === '' ? [] : [lineage.error]} />
      <Notice kind="warning" lines={graph.problems} />
      <Notice kind="info" lines={hints(lineage)} />
      {graph.problems.length === 0 && (
        <EmptyState title="This notebook has no steps yet">
          <p>
            Write <code>%%step load</code> as the first line of a cell, then run it.
          </p>
        </EmptyState>
      )}
    </>
  );
}

function hints(lineage: NotebookLineage): string[] {
  const lines: string[] = [];
  if (lineage.kernel === 'absent') {
    lines.push(
      'This kernel does not know %%step. Choose the kernel “Python 3 (mlpipe)”, or run ' +
        '%load_ext jupyter_mlpipe in a cell.'
    );
  }
  if (lineage.unsaved) {
    lines.push('Save the notebook to see its new steps with their artifacts.');
  }
  return lines;
}

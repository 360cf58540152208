import * as React from 'react';

import type { Api } from '../api';
import { EmptyState, Notice } from '../components/Notice';
import { RunList } from '../components/RunList';
import type { NotebookLineage } from '../model';
import type { RunView } from '../protocol';
import { useAnswer, useTicks } from './hooks';

const POLL_MS = 2000;

/** The notebook's runs; those of an engine are asked after until they have ended, whatever fails. */
export function RunsTab(props: {
  api: Api;
  lineage: NotebookLineage;
  open: string | null;
  onToggle: (id: string) => void;
}): React.JSX.Element {
  const { api, lineage, open } = props;
  const [going, setGoing] = React.useState(false);
  const ticks = useTicks(going, POLL_MS);
  const news = [api, lineage.path, lineage.revision, ticks, open];
  const runs = useAnswer(() => api.runs(lineage.path), news);
  // Asked once more when the run has ended: its last step may have been recorded in between.
  const status = runs.data?.find(({ id }) => id === open)?.status;
  const details = useAnswer(open === null ? null : () => api.run(open, lineage.path), [
    ...news,
    status
  ]);
  const asking = runs.loading || details.loading;
  const unsettled = runs.error !== '' || (runs.data ?? []).some(isGoing);
  React.useEffect(() => {
    setGoing(unsettled && !asking); // a slow server is given the time to answer
  }, [unsettled, asking]);
  const errors = [runs.error, details.error].filter(error => error !== '');
  return (
    <div className="mlpipe-RunsTab" data-mlpipe="runs">
      <Notice kind="error" lines={errors} />
      {runs.data?.length === 0 ? (
        <EmptyState title="Nothing has run yet">
          <p>Run a step in the notebook, or promote the notebook and run the pipeline.</p>
        </EmptyState>
      ) : (
        <RunList
          runs={runs.data ?? []}
          open={open}
          details={details.data}
          onToggle={props.onToggle}
        />
      )}
    </div>
  );
}

/** A kernel session lasts for hours, and its news arrive over the channel. */
function isGoing({ kind, status }: RunView): boolean {
  return kind !== 'notebook' && (status === 'running' || status === 'queued');
}

import * as React from 'react';

export type TabName = 'lineage' | 'runs';

const TABS: readonly { name: TabName; title: string }[] = [
  { name: 'lineage', title: 'Lineage' },
  { name: 'runs', title: 'Runs' }
];

/** The pipeline's name, what one can do with it, and the tabs. */
export function SidebarHeader(props: {
  pipeline: string;
  loading: boolean;
  tab: TabName;
  onTab: (tab: TabName) => void;
  /** How many steps are stale; null while no kernel tells. */
  stale: number | null;
  runningStale: boolean;
  onRunStale: () => void;
  onPromote: () => void;
  onRefresh: () => void;
}): React.JSX.Element {
  return (
    <header className="mlpipe-Header">
      <div className="mlpipe-Header-row">
        <h2 title={props.pipeline}>{props.pipeline}</h2>
        <button
          type="button"
          className="mlpipe-IconButton"
          title="Refresh"
          aria-label="Refresh"
          data-mlpipe="refresh"
          data-loading={props.loading || undefined}
          onClick={props.onRefresh}
        >
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M13,8 A5,5 0 1 1 11.2,4.2 M11.6,1.4 V4.6 H8.4" />
          </svg>
        </button>
        <RunStaleButton {...props} />
        <button
          type="button"
          className="mlpipe-Button mlpipe-mod-primary"
          title="Make a pipeline of this notebook that runs without it"
          data-mlpipe="promote-button"
          onClick={props.onPromote}
        >
          Promote…
        </button>
      </div>
      <div className="mlpipe-Tabs" role="tablist" aria-label="Views">
        {TABS.map(({ name, title }) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={name === props.tab}
            data-mlpipe-tab={name}
            onClick={() => {
              props.onTab(name);
            }}
          >
            {title}
          </button>
        ))}
      </div>
    </header>
  );
}

function RunStaleButton(props: {
  stale: number | null;
  runningStale: boolean;
  onRunStale: () => void;
}): React.JSX.Element {
  const { stale, runningStale } = props;
  return (
    <button
      type="button"
      className="mlpipe-Button"
      title={staleTitle(stale)}
      disabled={runningStale || stale === null || stale === 0}
      data-mlpipe="run-stale"
      onClick={props.onRunStale}
    >
      {runningStale ? 'Running…' : 'Run stale'}
      {stale !== null && stale > 0 && <span className="mlpipe-Count">{stale}</span>}
    </button>
  );
}

function staleTitle(stale: number | null): string {
  if (stale === null) {
    return 'What is stale can be run once the kernel is ready';
  }
  if (stale === 0) {
    return 'No step is stale';
  }
  return `Run the ${stale === 1 ? 'step' : `${stale} steps`} whose results no longer stand, in order`;
}

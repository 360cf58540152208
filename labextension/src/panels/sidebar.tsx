import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import type { Api } from '../api';
import { EmptyState } from '../components/Notice';
import { SidebarHeader, type TabName } from '../components/SidebarHeader';
import { pipelineIcon } from '../icons';
import type { LineageModel } from '../model';
import { useSignal } from './hooks';
import { LineageTab } from './LineageTab';
import { RunsTab } from './RunsTab';

/** Two artifacts side by side in a readable size. */
const MIN_WIDTH = '320px';

export interface SidebarOptions {
  api: Api;
  model: LineageModel;
  onReveal: (cellId: string) => void;
  onRunStale: () => void;
  onPromote: () => void;
}

/** The panel in JupyterLab's right side area. */
export class SidebarPanel extends ReactWidget {
  constructor(private readonly options: SidebarOptions) {
    super();
    this.id = 'jupyter-mlpipe-sidebar';
    this.addClass('mlpipe-Sidebar');
    this.title.icon = pipelineIcon;
    this.title.caption = 'ML pipeline';
    this.node.setAttribute('aria-label', 'ML pipeline');
    this.node.setAttribute('role', 'region');
    // JupyterLab's own rule for its side areas is stronger than a style sheet of ours.
    this.node.style.minWidth = MIN_WIDTH;
  }

  /** Opens the list of runs at one run. */
  showRun(id: string): void {
    this.tab = 'runs';
    this.openRun = id;
    this.update();
  }

  protected render(): React.JSX.Element {
    return (
      <Sidebar
        {...this.options}
        tab={this.tab}
        openRun={this.openRun}
        onTab={tab => {
          this.tab = tab;
          this.update();
        }}
        onRun={id => {
          this.openRun = id === this.openRun ? null : id;
          this.update();
        }}
      />
    );
  }

  protected override onAfterShow(): void {
    this.options.model.setVisible(true);
  }

  protected override onAfterHide(): void {
    this.options.model.setVisible(false);
  }

  private tab: TabName = 'lineage';
  private openRun: string | null = null;
}

interface SidebarProps extends SidebarOptions {
  tab: TabName;
  openRun: string | null;
  onTab: (tab: TabName) => void;
  onRun: (id: string) => void;
}

function Sidebar(props: SidebarProps): React.JSX.Element {
  const { api, model } = props;
  useSignal(model.changed);
  const lineage = model.current;
  if (lineage === null) {
    return (
      <EmptyState title="No notebook is open">
        <p>Open a notebook to see its pipeline here.</p>
      </EmptyState>
    );
  }
  return (
    <>
      <SidebarHeader
        pipeline={lineage.graph?.pipeline ?? ''}
        loading={lineage.loading}
        tab={props.tab}
        onTab={props.onTab}
        stale={lineage.stale?.length ?? null}
        runningStale={lineage.runningStale}
        onRunStale={props.onRunStale}
        onPromote={props.onPromote}
        onRefresh={() => void lineage.refresh()}
      />
      <div className="mlpipe-Sidebar-body" role="tabpanel" aria-label={props.tab}>
        {props.tab === 'lineage' ? (
          <LineageTab key={lineage.path} api={api} lineage={lineage} onReveal={props.onReveal} />
        ) : (
          <RunsTab
            key={lineage.path}
            api={api}
            lineage={lineage}
            open={props.openRun}
            onToggle={props.onRun}
          />
        )}
      </div>
    </>
  );
}

// @vitest-environment jsdom
import * as React from 'react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ArtifactPanel } from '../components/ArtifactPanel';
import { LineageGraphView } from '../components/LineageGraphView';
import { PreviewView } from '../components/PreviewView';
import { PromoteView, type PromoteViewProps } from '../components/promote/PromoteView';
import { SidebarHeader } from '../components/SidebarHeader';
import { RunList } from '../components/RunList';
import type { PromotePlan } from '../protocol';
import { artifact, details, graph, step, version } from './samples';

let host: HTMLElement;
let root: Root;

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe = (): void => undefined;
      disconnect = (): void => undefined;
    }
  );
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});
afterEach(() => {
  act(() => {
    root.unmount();
  });
  host.remove();
  vi.unstubAllGlobals();
});

function show(element: React.JSX.Element): void {
  act(() => {
    root.render(element);
  });
}

function find(selector: string): Element {
  const found = host.querySelector(selector);
  if (found === null) {
    throw new Error(`Nothing matches ${selector} in ${host.innerHTML}`);
  }
  return found;
}

function click(selector: string): void {
  act(() => {
    find(selector).dispatchEvent(new MouseEvent('click', { bubbles: true }));
  });
}

function press(selector: string, key: string): void {
  act(() => {
    find(selector).dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  });
}

const GRAPH = graph(
  [step('load', 'cached'), artifact('1', 'df', 3), step('train', 'not_run')],
  [
    { source: 'step:load', target: 'artifact:1' },
    { source: 'artifact:1', target: 'step:train' }
  ]
);

describe('SidebarHeader', () => {
  const header = (stale: number | null, onRunStale = (): void => undefined): void => {
    const nothing = (): void => undefined;
    show(
      <SidebarHeader
        {...{ pipeline: 'study', loading: false, tab: 'lineage', stale, onRunStale }}
        {...{ runningStale: false, onTab: nothing, onPromote: nothing, onRefresh: nothing }}
      />
    );
  };

  it('runs what is stale and says how much that is', () => {
    const onRunStale = vi.fn();
    header(2, onRunStale);
    expect(find('[data-mlpipe="run-stale"]').textContent).toBe('Run stale2');
    click('[data-mlpipe="run-stale"]');
    expect(onRunStale).toHaveBeenCalledTimes(1);
  });

  it.each([0, null])('offers nothing to run when %s steps are stale', stale => {
    header(stale);
    expect(find('[data-mlpipe="run-stale"]').hasAttribute('disabled')).toBe(true);
  });
});

describe('LineageGraphView', () => {
  it('draws every node and edge with the attributes that tests rely on', () => {
    show(<LineageGraphView graph={GRAPH} selected={null} onActivate={() => undefined} />);
    expect(find('[data-mlpipe-node="step:load"]').getAttribute('data-status')).toBe('cached');
    expect(find('[data-mlpipe-node="artifact:1"]').getAttribute('data-variable')).toBe('df');
    expect(find('[data-mlpipe-edge="artifact:1->step:train"]').getAttribute('d')).toMatch(/^M/);
  });

  it('activates a node by mouse and by Enter', () => {
    const onActivate = vi.fn();
    show(<LineageGraphView graph={GRAPH} selected={null} onActivate={onActivate} />);
    click('[data-mlpipe-node="step:load"]');
    press('[data-mlpipe-node="artifact:1"]', 'Enter');
    expect(onActivate.mock.calls.map(([node]: { id: string }[]) => node?.id)).toEqual([
      'step:load',
      'artifact:1'
    ]);
  });

  it('is one stop of the Tab key, and arrows move on from there', () => {
    show(<LineageGraphView graph={GRAPH} selected={null} onActivate={() => undefined} />);
    expect(host.querySelectorAll('[data-mlpipe-node][tabindex="0"]')).toHaveLength(1);
    press('[data-mlpipe-node="step:load"]', 'ArrowDown');
    expect(find('[tabindex="0"][data-mlpipe-node]').getAttribute('data-mlpipe-node')).toBe(
      'artifact:1'
    );
  });

  it('draws of a large graph only what is in view', () => {
    const nodes = Array.from({ length: 1500 }, (_, i) => step(`s${i}`));
    const edges = nodes.slice(1).map((node, i) => ({ source: `step:s${i}`, target: node.id }));
    show(<LineageGraphView graph={graph(nodes, edges)} selected={null} onActivate={vi.fn()} />);
    expect(host.querySelectorAll('[data-mlpipe-node]').length).toBeLessThan(100);
  });
});

describe('ArtifactPanel', () => {
  const callbacks = { onVersion: vi.fn(), onStep: vi.fn(), onCopy: vi.fn() };

  it('shows names, tags, cells and metadata as text, never as markup', () => {
    show(<ArtifactPanel details={details()} {...callbacks} />);
    expect(host.querySelectorAll('script, img, i').length).toBe(0);
    expect(host.textContent).toContain('<img src=x onerror=alert(1)>');
    expect(host.textContent).toContain('<script>1</script>');
  });

  it('calls a version as the user named it, and keeps its number', () => {
    const shown = { ...details(), version: { ...version('v2', 2), version_name: 'raw_2023' } };
    show(<ArtifactPanel details={{ ...shown, versions: [shown.version] }} {...callbacks} />);
    expect(find('[data-mlpipe-version="2"] b').textContent).toBe('raw_2023');
    expect(find('.mlpipe-Facts').textContent).toContain('raw_2023 (v2)');
  });

  it('switches versions, goes to steps, and copies the code', () => {
    show(<ArtifactPanel details={details()} {...callbacks} />);
    click('[data-mlpipe-version="1"]');
    click('.mlpipe-Link');
    click('[data-mlpipe="copy"]');
    expect(callbacks.onVersion).toHaveBeenCalledWith('v1');
    expect(callbacks.onStep).toHaveBeenCalledWith('load');
    expect(callbacks.onCopy).toHaveBeenCalledWith('df = load_artifact("study::df", 2)');
  });
});

describe('PreviewView', () => {
  const preview = { kind: 'image', text: '', columns: [], rows: [], total_rows: 0, image: '' };

  it('shows an image only from base64', () => {
    show(<PreviewView preview={{ ...preview, image: 'iVBORw0KGgo=' }} />);
    expect(find('img').getAttribute('src')).toBe('data:image/png;base64,iVBORw0KGgo=');
    show(<PreviewView preview={{ ...preview, image: '"><svg onload=alert(1)>' }} />);
    expect(host.querySelector('img')).toBeNull();
  });

  it('shuts a page up in a frame that runs and fetches nothing', () => {
    const text = '<script>alert(1)</script><b>hello</b>';
    show(<PreviewView preview={{ ...preview, kind: 'html', text }} />);
    const frame = find('iframe');
    expect(frame.getAttribute('sandbox')).toBe('');
    expect(frame.getAttribute('srcdoc')).toContain("default-src 'none'");
    expect(host.querySelector('script, b')).toBeNull();
  });

  it('gives a page the dark theme only where it says nothing of colours', () => {
    document.body.dataset.jpThemeLight = 'false';
    const text = '<h1>Report</h1>';
    show(<PreviewView preview={{ ...preview, kind: 'html', text }} />);
    expect(find('iframe').getAttribute('srcdoc')).toContain('content="dark"');
    const coloured = '<td bgcolor="yellow">3</td>';
    show(<PreviewView preview={{ ...preview, kind: 'html', text: coloured }} />);
    expect(find('iframe').getAttribute('srcdoc')).toContain('content="light"');
    document.body.dataset.jpThemeLight = 'true';
    show(<PreviewView preview={{ ...preview, kind: 'html', text }} />);
    expect(find('iframe').getAttribute('srcdoc')).toContain('content="light"');
  });

  it('cuts the digits of numbers, and marks what is missing', () => {
    const columns = [
      { name: 'x', dtype: 'float64', nulls: 0, summary: '' },
      { name: 'kind', dtype: 'str', nulls: 1, summary: '' }
    ];
    const rows = [['1.1016949152542372', 'nan']];
    show(<PreviewView preview={{ ...preview, kind: 'table', columns, rows, total_rows: 1 }} />);
    expect(find('td[data-number]').textContent).toBe('1.10169');
    expect(find('td[data-number]').getAttribute('title')).toBe('1.1016949152542372');
    expect(find('td[data-missing]').textContent).toBe('nan');
  });

  it('indents JSON, and leaves what was cut as it is', () => {
    show(<PreviewView preview={{ ...preview, kind: 'json', text: '{"a":1}' }} />);
    expect(host.textContent).toBe('{\n  "a": 1\n}');
    show(<PreviewView preview={{ ...preview, kind: 'json', text: '{"a":' }} />);
    expect(host.textContent).toBe('{"a":');
  });
});

describe('RunList', () => {
  const run = {
    id: 'r1',
    pipeline: 'study',
    kind: 'local',
    status: 'failed',
    started: 1_700_000_000,
    ended: 1_700_000_002,
    notebook: 'study.ipynb',
    parameters: { C: 0.5 },
    tags: [],
    metadata: {}
  };

  it('unfolds a run to its steps with their reasons', () => {
    const row = {
      step: 'train',
      status: 'failed',
      reason: 'C changed',
      inputs: [],
      outputs: [
        {
          variable: 'g',
          artifact: 'study::train::g',
          version: null,
          version_name: null,
          digest: 'opaque',
          mutated: true
        },
        {
          variable: 'df',
          artifact: 'iris',
          version: 3,
          version_name: 'raw_2023',
          digest: 'ab',
          mutated: false
        }
      ],
      deleted: [],
      uncacheable: '',
      metadata: {},
      started: 1,
      seconds: 1,
      id: 's',
      cell_id: null,
      error: '\u001b[31mValueError\u001b[0m',
      elements: 0
    };
    show(
      <RunList
        runs={[run]}
        open="r1"
        details={{ run, steps: [row], format: 1 }}
        onToggle={() => undefined}
      />
    );
    expect(find('[data-mlpipe-step="train"]').textContent).toContain('C changed');
    expect(host.textContent).toContain('C = 0.5');
    expect(host.textContent).toContain('g (not kept) (changed), df raw_2023');
    expect(find('.mlpipe-StepRow-error').textContent).toBe('ValueError');
  });
});

describe('PromoteView', () => {
  const plan: PromotePlan = {
    pipeline: 'study',
    target: 'local',
    files: [
      { path: 'a.py', content: '<b>first</b>' },
      { path: 'b.py', content: 'second' }
    ],
    parameters: [{ name: 'C', type: 'float', default: 0.1 }],
    next_fires: [],
    warnings: ['An edge was guessed.'],
    written: [],
    command: '',
    format: 1
  };
  const props: PromoteViewProps = {
    notebook: 'study.ipynb',
    targets: [
      { name: 'local', title: 'Local', available: true, note: '', capabilities: [] },
      { name: 'kfp', title: 'Kubeflow', available: false, note: 'No kfp.', capabilities: [] }
    ],
    form: { target: 'local', values: {}, cron: '', timezone: 'UTC', out: 'out' },
    faults: new Map(),
    plan,
    written: null,
    error: '',
    busy: false,
    onChange: vi.fn(),
    onWrite: vi.fn(),
    onRun: vi.fn(),
    onCopy: vi.fn(),
    onClose: vi.fn()
  };

  it('shows the files, one at a time, as text', () => {
    show(<PromoteView {...props} />);
    expect(find('pre').textContent).toBe('<b>first</b>');
    click('[data-mlpipe-file="b.py"]');
    expect(find('pre').textContent).toBe('second');
    expect(host.textContent).toContain('An edge was guessed.');
  });

  it('does not run where the target cannot, and says what is missing', () => {
    show(<PromoteView {...props} form={{ ...props.form, target: 'kfp' }} />);
    expect(find('[data-mlpipe="run-now"]').hasAttribute('disabled')).toBe(true);
    expect(find('[data-mlpipe-target="kfp"]').textContent).toContain('No kfp.');
  });

  it('writes nothing from a form at fault', () => {
    show(<PromoteView {...props} faults={new Map([['C', 'Expected a number.']])} />);
    expect(find('[data-mlpipe="write-files"]').hasAttribute('disabled')).toBe(true);
    expect(find('[data-mlpipe-parameter="C"]').getAttribute('aria-invalid')).toBe('true');
  });

  it('takes no schedule where the target has none', () => {
    show(<PromoteView {...props} />);
    expect(find('[data-mlpipe="schedule-cron"]').closest('fieldset')?.disabled).toBe(true);
  });

  it('names what was written and how to run it', () => {
    const written = { ...plan, written: ['out/a.py'], command: 'python a.py' };
    show(<PromoteView {...props} written={written} />);
    expect(find('[data-mlpipe="written"]').textContent).toContain('out/a.py');
    click('[data-mlpipe="written"] [data-mlpipe="copy"]');
    expect(props.onCopy).toHaveBeenCalledWith('python a.py');
  });
});

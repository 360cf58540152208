import { describe, expect, it } from 'vitest';

import {
  formatBytes,
  formatFire,
  formatSeconds,
  shorten,
  shortNumber,
  shortType,
  withoutAnsi
} from '../format';
import { nodeBox, nodeLabel, nodeText } from '../graph/scene';
import {
  defaultFolder,
  defaultTarget,
  faults,
  parseParameter,
  previewRequest,
  type PromoteForm
} from '../promotion';
import { proposeStepName, stepName } from '../steps';
import { artifact, step } from './samples';

const FORM: PromoteForm = { target: 'local', values: {}, cron: '', timezone: 'UTC', out: 'out' };

describe('format', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1200, '1.2 kB'],
    [9_960_000, '10 MB'],
    [999_600, '1.0 MB']
  ])('%d bytes are %s', (nbytes, text) => {
    expect(formatBytes(nbytes)).toBe(text);
  });

  it.each([
    [0.0123, '12 ms'],
    [1.25, '1.3 s'],
    [75, '1 min 15 s'],
    [3700, '1 h 1 min']
  ])('%d seconds are %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it('cuts long names in the middle and leaves emoji whole', () => {
    expect(shorten('a'.repeat(30), 10)).toHaveLength(10);
    expect(shorten('🦊🦊🦊🦊🦊🦊', 4)).toBe('🦊🦊…🦊');
    expect(shorten('short', 10)).toBe('short');
  });

  it('shows a fire in its own zone', () => {
    expect(formatFire('2026-11-23T06:00:00+01:00')).toBe('Mon 2026-11-23 06:00 +01:00');
    expect(formatFire('soon')).toBe('soon');
  });

  it('takes terminal colours out of a traceback', () => {
    expect(withoutAnsi('\u001b[0;31mValueError\u001b[0m: x')).toBe('ValueError: x');
  });

  it('cuts the digits of a number that has too many, and no other text', () => {
    expect(shortNumber('-0.3333333333333333')).toBe('-0.333333');
    expect(shortNumber('1.123456789e-12')).toBe('1.12346e-12');
    expect(shortNumber('0.25')).toBe('0.25');
    expect(shortNumber('1.2.34567')).toBe('1.2.34567');
  });

  it('names a type by its last part', () => {
    expect(shortType('pandas.core.frame.DataFrame')).toBe('DataFrame');
  });
});

describe('a node', () => {
  it('keeps its width whatever the step does', () => {
    expect(nodeBox(step('a', 'running'))).toEqual(nodeBox(step('a', 'succeeded')));
  });

  it('is told to screen readers in words', () => {
    expect(nodeLabel(step('train', 'not_run'))).toBe('Step train, not run · 500 ms');
    const unkept = { ...artifact('1', 'g', 0), python_type: '', nbytes: 0, reason: 'a generator' };
    expect(nodeLabel(unkept)).toBe('Artifact g, a generator');
    expect(nodeLabel(artifact('1', 'df', 3))).toBe('Artifact df, version 3, DataFrame, 1.2 kB');
  });

  it('calls a version as the user named it', () => {
    const named = { ...artifact('1', 'df', 3), version_name: 'raw_2023' };
    expect(nodeText(named)).toMatchObject({ title: 'df', tag: 'raw_2023' });
    expect(nodeLabel(named)).toContain('Artifact df, version raw_2023,');
    const long = nodeText({ ...named, label: 'observations', version_name: 'v'.repeat(60) });
    expect(long.title.length + long.tag.length).toBeLessThanOrEqual(18);
  });

  it('says over how many elements a step ran', () => {
    const mapped = { ...step('train'), elements: 40 };
    expect(nodeText(mapped)).toMatchObject({ title: 'train', tag: '· 40' });
    expect(nodeLabel(mapped)).toContain('Step train, 40 elements, succeeded');
  });

  it('fits a name of 300 characters', () => {
    expect(nodeBox(artifact('1', 'x'.repeat(300))).width).toBeLessThan(200);
    expect(nodeText(step('x'.repeat(300))).title.length).toBeLessThan(30);
  });
});

describe('a step line', () => {
  it.each([
    ['%%step load\nx = 1', 'load'],
    ['%%step "two words" --no-cache', 'two words'],
    ['%%time\nx = 1', null],
    ['# %%step no', null]
  ])('%j names %j', (source, name) => {
    expect(stepName(source)).toBe(name);
  });

  it.each([
    ['# Load the data, again\nx = 1', 'load_the_data'],
    ['import numpy\ndf = pd.read_csv("x")', 'read_csv'],
    ['a, b = split(df)', 'split'],
    ['total = 3', 'total'],
    ['', 'step'],
    ['1 + 1', 'step']
  ])('is proposed for %j as %j', (source, name) => {
    expect(proposeStepName(source, new Set())).toBe(name);
  });

  it('is never proposed twice', () => {
    expect(proposeStepName('total = 3', new Set(['total', 'total_2']))).toBe('total_3');
  });
});

describe('the promote form', () => {
  const parameters = [
    { name: 'C', type: 'float', default: 0.1 },
    { name: 'deep', type: 'json', default: [1] }
  ];

  it('reads each type', () => {
    const read = (type: string, text: string): unknown =>
      parseParameter({ name: 'p', type, default: null }, text);
    expect(read('int', '-7')).toEqual({ value: -7 });
    expect(read('int', '1.5')).toHaveProperty('fault');
    expect(read('float', '1e-3')).toEqual({ value: 0.001 });
    expect(read('float', '')).toHaveProperty('fault');
    expect(read('bool', 'true')).toEqual({ value: true });
    expect(read('json', '{"a": [1]}')).toEqual({ value: { a: [1] } });
    expect(read('json', '{')).toHaveProperty('fault');
    expect(read('str', ' as is ')).toEqual({ value: ' as is ' });
  });

  it('sends only what was changed', () => {
    const request = previewRequest('a.ipynb', { ...FORM, values: { C: '0.5' } }, parameters);
    expect(request.parameters).toEqual({ C: 0.5 });
    expect(request.schedule).toBeNull();
    expect(request.out).toBe('');
  });

  it('sends a schedule when there is a cron line', () => {
    const request = previewRequest('a.ipynb', { ...FORM, cron: ' 0 6 * * * ' }, parameters);
    expect(request.schedule).toMatchObject({ cron: '0 6 * * *', timezone: 'UTC' });
  });

  it('names each field that cannot be read', () => {
    const wrong = faults(parameters, { ...FORM, values: { C: 'x', deep: '[1]' } });
    expect([...wrong.keys()]).toEqual(['C']);
  });

  it('begins with a target that can be used, beside the notebook', () => {
    const target = { title: '', note: '', capabilities: [] };
    const targets = [
      { ...target, name: 'airflow', available: false },
      { ...target, name: 'local', available: true }
    ];
    expect(defaultTarget(targets)).toBe('local');
    expect(defaultFolder('work/a.ipynb', 'local')).toBe('work/promoted/local');
    expect(defaultFolder('a.ipynb', 'local')).toBe('promoted/local');
  });
});

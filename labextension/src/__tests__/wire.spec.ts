import { describe, expect, it } from 'vitest';

import { expectList, expectRecord, isRecord, ProtocolError } from '../wire';
import { finished, graph, step } from './samples';

describe('wire', () => {
  it('accepts a record and fields of a newer version', () => {
    expect(isRecord('StepFinished', { ...finished('a'), later: 1 })).toBe(true);
  });

  it('tells records apart by their type', () => {
    expect(isRecord('StepStarted', finished('a'))).toBe(false);
    expect(isRecord('StepStarted', null)).toBe(false);
    expect(isRecord('StepStarted', [])).toBe(false);
  });

  it('names the field at fault, however deep', () => {
    const broken = graph([{ ...step('a'), seconds: 'long' as unknown as number }]);
    expect(() => expectRecord('LineageGraph', broken)).toThrow('LineageGraph.nodes[0].seconds');
  });

  it('names what is missing', () => {
    expect(() => expectRecord('GraphEdge', { source: 'a' })).toThrow('GraphEdge has no target');
  });

  it('accepts null only where it may stand', () => {
    expect(isRecord('StepFinished', { ...finished('a'), cell_id: null })).toBe(true);
    expect(isRecord('StepFinished', { ...finished('a'), step: null })).toBe(false);
  });

  it('reads the list of an answer', () => {
    expect(expectList('GraphEdge', 'edges', { edges: [] })).toEqual([]);
    expect(() => expectList('GraphEdge', 'edges', { runs: [] })).toThrow(ProtocolError);
  });
});

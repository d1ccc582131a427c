/** How mismatches are judged, and how peers are named; no server is started. */
import { expect, test } from 'vitest';
import { AREAS } from './cases/index.ts';
import { judge, parsePeers } from './compare.ts';
import { flatten } from './steps.ts';

test('a case passes only without mismatches', () => {
  expect(judge({}, ['real', 'ours'], [])).toEqual({ verdict: 'same', report: '' });
  expect(judge({}, ['real', 'ours'], ['step 1'])).toEqual({ verdict: 'mismatch', report: 'step 1' });
});

test('a case that is listed as different must stay different', () => {
  const item = { differs: 'for a reason' };
  expect(judge(item, ['real', 'ours'], ['step 1'])).toEqual({ verdict: 'differs', report: 'for a reason' });
  expect(judge(item, ['real', 'ours'], []).verdict).toBe('unexpected');
});

test('two servers of one kind have nothing to differ in', () => {
  const item = { differs: 'for a reason' };
  expect(judge(item, ['real', 'real'], []).verdict).toBe('same');
  expect(judge(item, ['real', 'real'], ['step 1']).verdict).toBe('mismatch');
});

test('a long report is cut and says so', () => {
  const { report } = judge(
    {},
    ['real', 'ours'],
    Array.from({ length: 8 }, (_, step) => `step ${step}`),
  );
  expect(report.split('\n')).toHaveLength(6);
  expect(report).toContain('and 3 more');
});

test('peers are two of the known kinds', () => {
  expect(parsePeers('real,real')).toEqual(['real', 'real']);
  expect(parsePeers('real,ours')).toEqual(['real', 'ours']);
  for (const text of ['', 'real', 'real,other', 'real,ours,real']) expect(() => parsePeers(text)).toThrow();
});

test('cases have names of their own and steps to run', () => {
  for (const area of AREAS) {
    const names = area.cases.map((item) => item.name);
    expect(new Set(names).size, area.name).toBe(names.length);
    for (const item of area.cases) expect(flatten(item.steps).length, `${area.name}: ${item.name}`).toBeGreaterThan(0);
  }
});

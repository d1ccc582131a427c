import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkQuorum, evaluateQuorum, MAJORITY_FORMULA, type QuorumSetting } from './quorum.ts';

const OUT_OF_RANGE = 'the value must be greater than zero and less than maximal number of replicas';

function quorumOf(setting: QuorumSetting, replicaCount: number): number | string {
  const result = evaluateQuorum(setting, replicaCount);
  return result.kind === 'quorum' ? result.quorum : result.reason;
}

describe('numbers', () => {
  test.each<[number, number | string]>([
    [1, 1],
    [31, 31],
    [0, OUT_OF_RANGE],
    [32, OUT_OF_RANGE],
    [-1, OUT_OF_RANGE],
    [1.5, OUT_OF_RANGE],
    [NaN, OUT_OF_RANGE],
  ])('%s', (setting, quorum) => {
    expect(quorumOf(setting, 3)).toBe(quorum);
    expect(checkQuorum(setting)).toBe(typeof quorum === 'string' ? quorum : null);
  });
});

test('a majority', () => {
  const quorums = [1, 2, 3, 4, 5, 6, 31].map((replicaCount) => quorumOf(MAJORITY_FORMULA, replicaCount));
  expect(quorums).toEqual([1, 2, 2, 3, 3, 4, 16]);
  expect(checkQuorum(MAJORITY_FORMULA)).toBeNull();
});

describe('formulas', () => {
  test.each<[string, number, number | string]>([
    ['N', 5, 5],
    ['N-1', 5, 4],
    ['2 * N / 3 + 1', 4, 3],
    ['(N + 1) / 2', 4, 2],
    ['7 - 2 - 1', 1, 4],
    ['8 / 2 / 2', 1, 2],
    ['1 + 2 * 3', 1, 7],
    ['-(-3)', 1, 3],
    ['3 - -1', 1, 4],
    ['.5 * N', 4, 2],
    ['2.9', 1, 2],
    ['\tN\n', 2, 2],
    ['N N', 2, "the formula has 'N' at 3 where an operator is expected"],
    ['', 2, 'the formula ends where a number, N or ( is expected'],
    ['N +', 2, 'the formula ends where a number, N or ( is expected'],
    ['(N', 2, 'the formula ends where an operator or ) is expected'],
    ['(N]', 2, "the formula has ']' at 3 where an operator or ) is expected"],
    ['n', 2, "the formula has 'n' at 1 where a number, N or ( is expected"],
    ['N / 0', 2, 'the formula did not evaluate to a number'],
    [`${'('.repeat(40)}N${')'.repeat(40)}`, 2, 'the formula is nested deeper than 32'],
    ['-'.repeat(1000), 2, 'the formula is nested deeper than 32'],
    [`N${' '.repeat(2000)}`, 2, 'the formula is longer than 1024 characters'],
    ['N - 3', 3, 'the formula is evaluated to the quorum 0 for replica number 3, which is out of range [1;31]'],
    ['N * 8', 4, 'the formula is evaluated to the quorum 32 for replica number 4, which is out of range [1;31]'],
  ])('%j of %i', (formula, replicaCount, quorum) => {
    expect(quorumOf(formula, replicaCount)).toBe(quorum);
  });

  test('are refused if they fail for some number of replicas', () => {
    expect(checkQuorum('N - 1')).toBe(
      'the formula is evaluated to the quorum 0 for replica number 1, which is out of range [1;31]',
    );
    expect(checkQuorum('N + 1')).toContain('32 for replica number 31');
  });

  test('are calculated as JavaScript does', () => {
    const expression = fc.letrec<{ sum: string }>((tie) => ({
      sum: fc.oneof(
        { maxDepth: 4 },
        fc.constant('N'),
        fc.integer({ min: 0, max: 99 }).map(String),
        fc.tuple(tie('sum'), fc.constantFrom('+', '-', '*', '/'), tie('sum')).map((parts) => parts.join(' ')),
        tie('sum').map((inner) => `(${inner})`),
        tie('sum').map((inner) => `- (${inner})`),
      ),
    })).sum;
    fc.assert(
      fc.property(expression, fc.integer({ min: 1, max: 31 }), (formula, replicaCount) => {
        const calculate = new Function('N', `return ${formula}`) as (replicaCount: number) => number;
        const value = Math.floor(calculate(replicaCount));
        const result = evaluateQuorum(formula, replicaCount);
        const expected = value >= 1 && value <= 31 ? value : null;
        expect(result.kind === 'quorum' ? result.quorum : null).toBe(expected);
      }),
    );
  });

  test('any text has an answer', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'N0 1.+-*/()x') }), (text) => {
        const result = evaluateQuorum(text, 3);
        if (result.kind === 'invalid') expect(result.reason).toMatch(/^the formula /);
        else expect(result.quorum).toBeGreaterThan(0);
      }),
    );
  });
});

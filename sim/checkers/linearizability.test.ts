import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/index.ts';
import { checkLinearizability, type Operation } from './linearizability.ts';
import { REGISTER_MODEL, type RegisterInput, type RegisterOperation, type RegisterState } from './register-model.ts';

type Line = readonly [client: string, input: RegisterInput, calledAt: number, answer: RegisterOperation['answer']];

const read: RegisterInput = { kind: 'read' };
const write = (value: RegisterState): RegisterInput => ({ kind: 'write', value });
const append = (item: string): RegisterInput => ({ kind: 'append', item });
const swap = (expected: RegisterState, value: RegisterState): RegisterInput => {
  return { kind: 'compare-and-swap', expected, value };
};
const value = (text: RegisterState, at: number) => ({ output: { kind: 'value', value: text }, at }) as const;
const done = (at: number) => ({ output: { kind: 'done' }, at }) as const;
const conflict = (at: number) => ({ output: { kind: 'conflict' }, at }) as const;

function history(...lines: readonly Line[]): readonly RegisterOperation[] {
  return lines.map(([client, input, calledAt, answer]) => ({ client, key: 'k', input, calledAt, answer }));
}

function kindOf(...lines: readonly Line[]): string {
  return checkLinearizability(REGISTER_MODEL, history(...lines)).kind;
}

describe('a history that has an order', () => {
  it.each<[string, readonly Line[]]>([
    ['that is empty', []],
    [
      'of a read that overlaps a write and does not see it, behind one that does',
      [
        ['a', write('1'), 1, done(9)],
        ['b', read, 2, value(null, 4)],
        ['c', read, 3, value('1', 5)],
      ],
    ],
    [
      'of a write without an answer that takes effect late',
      [
        ['a', write('1'), 1, null],
        ['b', read, 2, value(null, 3)],
        ['b', write('2'), 4, done(5)],
        ['b', read, 6, value('2', 7)],
        ['c', read, 8, value('1', 9)],
      ],
    ],
    [
      'of a write without an answer that never takes effect',
      [
        ['a', write('1'), 1, null],
        ['b', write('2'), 2, done(3)],
        ['b', read, 4, value('2', 5)],
      ],
    ],
    [
      'of swaps of which one finds another value',
      [
        ['a', swap(null, '1'), 1, done(4)],
        ['b', swap(null, '2'), 2, conflict(5)],
        ['c', read, 6, value('1', 7)],
      ],
    ],
    [
      'of a swap without an answer that another one builds on',
      [
        ['a', swap(null, '1'), 1, null],
        ['b', swap('1', '2'), 2, done(3)],
        ['c', read, 4, value('2', 5)],
      ],
    ],
    [
      'of appends',
      [
        ['a', append('x'), 1, done(5)],
        ['b', append('y'), 2, done(4)],
        ['c', read, 3, value('y;', 6)],
        ['c', read, 7, value('y;x;', 8)],
      ],
    ],
  ])('%s', (_, lines) => {
    expect(kindOf(...lines)).toBe('linearizable');
  });
});

describe('a history that has none', () => {
  it.each<[string, readonly Line[]]>([
    [
      'of a stale read',
      [
        ['a', write('1'), 1, done(2)],
        ['b', read, 3, value(null, 4)],
      ],
    ],
    [
      'of a read that goes back',
      [
        ['a', write('1'), 1, null],
        ['b', read, 2, value('1', 3)],
        ['c', read, 4, value(null, 5)],
      ],
    ],
    [
      'of a lost update',
      [
        ['a', swap('0', '1'), 3, done(5)],
        ['b', swap('0', '2'), 4, done(6)],
        ['c', write('0'), 1, done(2)],
      ],
    ],
    [
      'of a swap that took effect twice, since it was sent again',
      [
        ['a', swap('0', '1'), 3, null],
        ['a', read, 4, value('1', 5)],
        ['b', write('0'), 6, done(7)],
        ['c', write('0'), 1, done(2)],
        ['b', read, 8, value('0', 9)],
        ['c', read, 10, value('1', 11)],
        ['c', write('0'), 12, done(13)],
        ['c', read, 14, value('1', 15)],
      ],
    ],
    [
      'of an append that took effect twice',
      [
        ['a', append('x'), 1, null],
        ['b', read, 2, value('x;x;', 3)],
      ],
    ],
    [
      'of a value before it was written',
      [
        ['b', read, 1, value('1', 2)],
        ['a', write('1'), 3, done(4)],
      ],
    ],
    [
      'of a swap refused without a reason',
      [
        ['a', write('1'), 1, done(2)],
        ['b', swap('1', '2'), 3, conflict(4)],
      ],
    ],
  ])('%s', (_, lines) => {
    expect(kindOf(...lines)).toBe('not-linearizable');
  });

  it('is explained by its shortest beginning without one', () => {
    const verdict = checkLinearizability(
      REGISTER_MODEL,
      history(
        ['a', write('1'), 1, done(2)],
        ['b', swap('1', '2'), 3, done(5)],
        ['a', write('3'), 4, null],
        ['b', read, 6, value('1', 7)],
        ['b', read, 8, value('2', 9)],
      ),
    );
    expect(verdict).toEqual({
      kind: 'not-linearizable',
      key: 'k',
      explanation: [
        'key k: 4 operations, of which 2 can be put in an order',
        '  a write "1" -> done [1..2] => "1"',
        '  b compare-and-swap "1" by "2" -> done [3..5] => "2"',
        'then the state is "2", and one of these should have come next:',
        '  b read -> "1" [6..7]',
        '  a write "3" -> unknown [4..]',
      ].join('\n'),
    });
  });
});

describe('keys', () => {
  it('have orders of their own', () => {
    const good = history(['a', write('1'), 1, done(2)]);
    const bad = history(['b', read, 3, value('1', 4)]).map((operation) => ({ ...operation, key: 'other' }));
    expect(checkLinearizability(REGISTER_MODEL, [...good, ...bad])).toMatchObject({
      kind: 'not-linearizable',
      key: 'other',
    });
  });
});

describe('the bound of steps', () => {
  it('ends a search that would take too long', () => {
    const lines = Array.from({ length: 30 }, (_, index): Line => ['a', append(`${index}`), index, null]);
    const verdict = checkLinearizability(REGISTER_MODEL, history(...lines, ['b', read, 40, value('none', 41)]), 10_000);
    expect(verdict).toEqual({ kind: 'undecided', key: 'k', steps: 10_000 });
  });
});

const CLIENTS = 4;
const VALUES = 3;

/** What clients of a register see that is one; `lossRate` of them get no answer. */
function genuineHistory(seed: number, count: number, lossRate: number): RegisterOperation[] {
  const random = new SeededRandom(seed);
  const operations: Operation<RegisterInput, NonNullable<RegisterOperation['answer']>['output']>[] = [];
  let state: RegisterState = null;
  let moment = 0;
  type Pending = { readonly client: string; readonly input: RegisterInput; readonly calledAt: number };
  const effect = ({ input }: Pending): NonNullable<RegisterOperation['answer']>['output'] => {
    const before = state;
    state = REGISTER_MODEL.step(state, input, undefined) ?? null;
    if (input.kind === 'read') return { kind: 'value', value: before };
    return { kind: input.kind === 'compare-and-swap' && before !== input.expected ? 'conflict' : 'done' };
  };
  const lost: Pending[] = [];
  const clients = Array.from({ length: CLIENTS }, (_, index) => ({
    name: `client ${index}`,
    pending: null as Pending | null,
    output: null as NonNullable<RegisterOperation['answer']>['output'] | null,
  }));
  for (let started = 0; started < count || clients.some(({ pending }) => pending !== null);) {
    if (lost.length > 0 && random.chance(0.1)) effect(lost.splice(random.below(lost.length), 1)[0]!);
    const client = random.pick(clients);
    const { pending, output } = client;
    if (pending === null) {
      if (started === count) continue;
      started++;
      client.pending = { client: client.name, input: randomInput(random, started), calledAt: ++moment };
    } else if (output !== null) {
      operations.push({ ...pending, key: 'k', answer: { output, at: ++moment } });
      client.pending = client.output = null;
    } else if (random.chance(lossRate)) {
      operations.push({ ...pending, key: 'k', answer: null });
      lost.push(pending);
      client.pending = null;
    } else client.output = effect(pending);
  }
  return operations;
}

function randomInput(random: SeededRandom, stamp: number): RegisterInput {
  switch (random.below(5)) {
    case 0:
      return write(String(random.below(VALUES)));
    case 1:
      return swap(random.chance(0.2) ? null : String(random.below(VALUES)), String(random.below(VALUES)));
    case 2:
      return append(String(stamp));
    default:
      return read;
  }
}

/** By all subsets and permutations. */
function hasOrder(operations: readonly RegisterOperation[]): boolean {
  const extend = (state: RegisterState, left: readonly RegisterOperation[]): boolean => {
    if (left.every(({ answer }) => answer === null)) return true;
    return left.some((next) => {
      const others = left.filter((other) => other !== next);
      if (others.some(({ answer }) => answer !== null && answer.at < next.calledAt)) return false;
      const after = REGISTER_MODEL.step(state, next.input, next.answer?.output);
      return after !== undefined && extend(after, others);
    });
  };
  return extend(null, operations);
}

describe('histories of chance', () => {
  it('have an order if they come from a register', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 120 }),
        fc.constantFrom(0, 0.02, 0.1),
        (seed, count, lossRate) => {
          const verdict = checkLinearizability(REGISTER_MODEL, genuineHistory(seed, count, lossRate));
          expect(verdict).toEqual({ kind: 'linearizable' });
        },
      ),
    );
  });

  it('have none with a value that never was', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, which) => {
        const operations = genuineHistory(seed, 60, 0.02);
        const reads = operations.filter(({ input, answer }) => input.kind === 'read' && answer !== null);
        fc.pre(reads.length > 0);
        const spoiled = reads[which % reads.length]!;
        const changed = operations.map((operation) =>
          operation === spoiled ? { ...operation, answer: value('never', operation.answer!.at) } : operation,
        );
        expect(checkLinearizability(REGISTER_MODEL, changed).kind).toBe('not-linearizable');
      }),
    );
  });

  it('are judged as by trying all orders', () => {
    const seen = { true: 0, false: 0 };
    const outputs = fc.constantFrom(value(null, 0), value('0', 0), value('1', 0), done(0), conflict(0), null);
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 7 }), outputs, fc.nat(), (seed, count, output, which) => {
        const operations = genuineHistory(seed, count, 0.15);
        const index = which % operations.length;
        const chosen = operations[index]!;
        const at = chosen.answer?.at ?? Number.MAX_SAFE_INTEGER;
        operations[index] = { ...chosen, answer: output === null ? null : { ...output, at } };
        const expected = hasOrder(operations);
        seen[`${expected}`]++;
        const verdict = checkLinearizability(REGISTER_MODEL, operations);
        expect(verdict.kind).toBe(expected ? 'linearizable' : 'not-linearizable');
      }),
      { numRuns: 1500 },
    );
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(100);
  });
});

/** The tuple that the cases of update and upsert change, and how a list of operations is tried on it. */
import type { Value } from '../../../src/codec/msgpack/index.ts';
import { spaceWithPrimary } from '../schema-steps.ts';
import { type Case, type Send, binary, decimal, double, replace, select, update, upsert } from '../steps.ts';

export const SPACE = 512;
export const MAX_UNSIGNED = 18446744073709551615n;
export const MIN_SIGNED = -9223372036854775808n;

/** Fields: 0 id, 1 number, 2 text, 3 double, 4 array, 5 map, 6 decimal, 7 nil, 8 binary, 9 negative. */
export const TUPLE: Value = [
  1,
  10,
  'abcdef',
  double(1.5),
  [1, 2, [3, 4]],
  { k: 1, m: { n: 'x' }, l: [10, 20] },
  decimal('02123c'),
  null,
  binary('0102'),
  -10,
];
export const SETUP: Case['steps'] = [
  spaceWithPrimary(SPACE, 'updated', {
    format: [
      { name: 'id', type: 'unsigned' },
      { name: 'number', type: 'any' },
      { name: 'text', type: 'any' },
      { name: 'float', type: 'any' },
      { name: 'list', type: 'any' },
      { name: 'map', type: 'any' },
    ],
  }),
];

export function fresh(operations: Value, base?: number): readonly Send[] {
  return [
    replace(SPACE, TUPLE),
    update(SPACE, [1], operations, base === undefined ? {} : { base }),
    upsert(SPACE, TUPLE, operations, base),
    select(SPACE, 0, 'eq', [1]),
  ];
}

/** Each list of operations on a fresh tuple, by update and by upsert. */
export function table(name: string, lists: readonly Value[], base?: number): Case {
  return { name, steps: [...SETUP, lists.map((operations) => fresh(operations, base))] };
}

/**
 * The kinds of index that are compared with a real server: how each is made on both sides, and random steps for it.
 * Rows are [id, ...]; the primary key is the id.
 */
import { SeededRandom } from '../../src/base/index.ts';
import { decodeArray, encodeToBytes, type Value } from '../../src/codec/msgpack/index.ts';
import { functionalOrderKeyDef, type IndexDefinition, type KeyFunction } from '../../src/engine/indexes/index.ts';
import { definitionOf, FIRST_FIELD, type Row } from '../../src/engine/indexes/index-fixture.ts';
import { keyDef, keyPart, type JsonPath, parseJsonPath } from '../../src/tuple/index.ts';

export type Step =
  | Readonly<{ kind: 'replace'; row: Row }>
  | Readonly<{ kind: 'delete'; id: number }>
  | Readonly<{ kind: 'select'; iterator: number; key: readonly Value[] }>;

export type Scenario = Readonly<{
  name: string;
  /** Lua: the options of create_index. */
  lua: string;
  definition: IndexDefinition;
  keyFunction: KeyFunction | null;
  /** What results have in common: the sequence, the rows, or the rows and the sequence of their distances. */
  order: 'same' | 'any' | 'distance';
  newRow: (random: SeededRandom, id: number) => Row;
  newKey: (random: SeededRandom, iterator: number) => Value[];
}>;

const ITERATOR_COUNT = 12;

function path(text: string): JsonPath {
  const parsed = parseJsonPath(text);
  if (typeof parsed === 'number') throw new Error(text);
  return parsed;
}

const letters = (random: SeededRandom, longest: number): string =>
  Array.from({ length: random.below(longest + 1) }, () => random.pick(['a', 'b', '\u0001', '\u007f'])).join('');

const nullableNumber = (random: SeededRandom): Value =>
  random.chance(0.25) ? null : random.pick([random.below(20), random.below(20) + 0.5, -random.below(5)]);

const tree: readonly Scenario[] = [
  {
    name: 'tree of two parts, one nullable',
    lua: "{unique = false, parts = {{2, 'number', is_nullable = true}, {3, 'string'}}}",
    definition: definitionOf(
      'tree',
      [
        { fieldNo: 1, type: 'number', isNullable: true },
        { fieldNo: 2, type: 'string' },
      ],
      { isUnique: false },
    ),
    keyFunction: null,
    order: 'same',
    newRow: (random, id) => [id, nullableNumber(random), letters(random, 2)],
    newKey: (random) => {
      const key: Value[] = [nullableNumber(random), random.chance(0.1) ? 1 : letters(random, 2), 'too much'];
      return key.slice(0, random.below(random.chance(0.1) ? 4 : 3));
    },
  },
  {
    name: 'tree, unique and nullable',
    lua: "{parts = {{2, 'number', is_nullable = true}}}",
    definition: definitionOf('tree', [{ fieldNo: 1, type: 'number', isNullable: true }]),
    keyFunction: null,
    order: 'same',
    newRow: (random, id) => [id, nullableNumber(random)],
    newKey: (random) => (random.chance(0.2) ? [] : [nullableNumber(random)]),
  },
];

const hash: Scenario = {
  name: 'hash of two parts',
  lua: "{type = 'hash', parts = {{2, 'number'}, {3, 'string'}}}",
  definition: definitionOf('hash', [
    { fieldNo: 1, type: 'number' },
    { fieldNo: 2, type: 'string' },
  ]),
  keyFunction: null,
  order: 'any',
  newRow: (random, id) => [id, random.pick([random.below(20), random.below(20) + 0.5]), letters(random, 1)],
  newKey: (random, iterator) => {
    const key: Value[] = [random.below(20), letters(random, 1), 'too much'];
    // GT with a key that is there goes by the order, which has no meaning.
    if (iterator === 6) key[0] = random.chance(0.5) ? 'wrong' : 1000;
    return key.slice(0, random.below(random.chance(0.2) ? 4 : 3));
  },
};

const bitset: readonly Scenario[] = [
  {
    name: 'bitset of unsigned',
    lua: "{type = 'bitset', unique = false, parts = {{2, 'unsigned'}}}",
    definition: definitionOf('bitset', [{ fieldNo: 1, type: 'unsigned' }], { isUnique: false }),
    keyFunction: null,
    order: 'same',
    newRow: (random, id) => [id, random.pick([random.below(16), random.below(2 ** 20), 2 ** 50 + random.below(4)])],
    newKey: (random) =>
      [random.pick<Value>([random.below(16), random.below(4), 2 ** 50, 'wrong']), 1].slice(
        0,
        random.pick([0, 1, 1, 1, 2]),
      ),
  },
  {
    name: 'bitset of strings',
    lua: "{type = 'bitset', unique = false, parts = {{2, 'string'}}}",
    definition: definitionOf('bitset', [{ fieldNo: 1, type: 'string' }], { isUnique: false }),
    keyFunction: null,
    order: 'same',
    newRow: (random, id) => [id, letters(random, random.pick([2, 12]))],
    newKey: (random) => (random.chance(0.1) ? [] : [letters(random, random.pick([2, 12]))]),
  },
];

function rtree(dimension: number, distance: 'euclid' | 'manhattan', range: number): Scenario {
  const coordinates = (random: SeededRandom): number[] => {
    const count = random.chance(0.5) ? dimension : 2 * dimension;
    const odd = random.chance(0.05) ? count + 1 : count;
    return Array.from({ length: odd }, () => random.below(range) - 2 + random.pick([0, 0.5]));
  };
  return {
    name: `rtree of dimension ${dimension}, ${distance}`,
    lua: `{type = 'rtree', unique = false, parts = {{2, 'array'}}, dimension = ${dimension}, distance = '${distance}'}`,
    definition: definitionOf('rtree', [{ fieldNo: 1, type: 'array' }], { isUnique: false, dimension, distance }),
    keyFunction: null,
    order: 'distance',
    newRow: (random, id) => [
      id,
      random.chance(0.05) ? ['wrong', ...coordinates(random).slice(1)] : coordinates(random),
    ],
    newKey: (random) => {
      const key: Value[] = random.chance(0.05) ? ['wrong', 'wrong'] : coordinates(random);
      if (random.chance(0.1)) return [];
      return random.chance(0.5) ? [key] : key;
    },
  };
}

const multikey: readonly Scenario[] = [
  {
    name: 'elements of an array, unique',
    lua: "{parts = {{field = 2, type = 'unsigned', path = '[*]'}}}",
    definition: definitionOf('tree', [{ fieldNo: 1, type: 'unsigned', path: path('[*]') }]),
    keyFunction: null,
    order: 'same',
    newRow: (random, id) => [id, Array.from({ length: random.below(4) }, () => random.below(300))],
    newKey: (random) => (random.chance(0.2) ? [] : [random.below(300)]),
  },
  {
    name: 'members of elements, nullable',
    lua: `{unique = false, parts = {{field = 2, type = 'unsigned', path = '[*].a', is_nullable = true},
      {field = 2, type = 'string', path = '[*].b'}}}`,
    definition: definitionOf(
      'tree',
      [
        { fieldNo: 1, type: 'unsigned', path: path('[*].a'), isNullable: true },
        { fieldNo: 1, type: 'string', path: path('[*].b') },
      ],
      { isUnique: false },
    ),
    keyFunction: null,
    order: 'same',
    newRow: (random, id) => [
      id,
      Array.from({ length: random.below(4) }, () => ({
        ...(random.chance(0.7) ? { a: random.below(10) } : {}),
        b: letters(random, 1),
      })),
    ],
    newKey: (random) => [random.chance(0.2) ? null : random.below(10), letters(random, 1)].slice(0, random.below(3)),
  },
];

const functionParts = keyDef([keyPart({ fieldNo: 0, type: 'unsigned' }), keyPart({ fieldNo: 1, type: 'string' })]);
const functional: Scenario = {
  name: 'functional, several keys',
  lua: "{func = 'words', unique = false, parts = {{1, 'unsigned'}, {2, 'string'}}}",
  definition: definitionOf('tree', functionParts.parts, {
    isUnique: false,
    orderKeyDef: functionalOrderKeyDef(functionParts, FIRST_FIELD, false),
  }),
  keyFunction: (tuple) => {
    const [, words] = decodeArray(tuple, 0) as [number, string[]];
    return words.map((word) => encodeToBytes([word.length, word]));
  },
  order: 'same',
  newRow: (random, id) => [id, Array.from({ length: random.below(4) }, () => letters(random, 3))],
  newKey: (random) => [random.below(4), letters(random, 3)].slice(0, random.below(3)),
};

export const scenarios: readonly Scenario[] = [
  ...tree,
  hash,
  ...bitset,
  rtree(1, 'euclid', 30),
  rtree(2, 'euclid', 12),
  rtree(3, 'manhattan', 8),
  ...multikey,
  functional,
];

/** Steps that are the same for the same seed. */
export function stepsOf(scenario: Scenario, seed: number, count: number): Step[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => {
    if (random.chance(0.4)) {
      const iterator = random.below(ITERATOR_COUNT);
      return { kind: 'select', iterator, key: scenario.newKey(random, iterator) };
    }
    const id = random.below(120);
    return random.chance(0.75) ? { kind: 'replace', row: scenario.newRow(random, id) } : { kind: 'delete', id };
  });
}

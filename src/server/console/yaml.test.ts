import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Decimal, Uuid, type Value } from '../../codec/msgpack/index.ts';
import { formatFailure, formatResult } from './yaml.ts';

/** The lines between the document's marks. */
function body(value: unknown): string {
  const text = formatResult(value);
  expect(text.startsWith('---\n') && text.endsWith('...\n')).toBe(true);
  return text.slice(4, -4);
}

describe('results look as they do in the console of Tarantool', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [undefined, ''],
    [null, '- null\n'],
    [
      [1, 'a', null, true, 1.5, { a: 1, b: [1, 2] }, 'x y', "it's"],
      "- [1, 'a', null, true, 1.5, {'a': 1, 'b': [1, 2]}, 'x y', 'it''s']\n",
    ],
    [
      [
        [1, 'a'],
        [2, 'тест'],
      ],
      "- - [1, 'a']\n  - [2, 'тест']\n",
    ],
    [[], '- []\n'],
    [{}, '- {}\n'],
    ['abc', '- abc\n'],
    ['x y', '- x y\n'],
    ['a: b', "- 'a: b'\n"],
    ['- x', "- '- x'\n"],
    ['1', "- '1'\n"],
    ['true', "- 'true'\n"],
    ["it's", "- it's\n"],
    ['a#b', '- a#b\n'],
    ['a #b', "- 'a #b'\n"],
    ['a\tb', '- "a\\tb"\n'],
    [' lead', "- ' lead'\n"],
    [10, '- 10\n'],
    [1e100, '- 1e+100\n'],
    [Infinity, '- inf\n'],
    [9223372036854775808n, '- 9223372036854775808\n'],
    [{ a: 1, b: { d: 'x' }, c: [1, 2] }, '- a: 1\n  b:\n    d: x\n  c: [1, 2]\n'],
    [[{ a: 1, b: 'x' }, { a: 2 }], '- - a: 1\n    b: x\n  - a: 2\n'],
    [{ rows: [[1], [2]] }, '- rows:\n    - [1]\n    - [2]\n'],
    [
      new Map<Value, Value>([
        [1, 'x'],
        ['k', [1]],
      ]),
      '- 1: x\n  k: [1]\n',
    ],
    [Uint8Array.of(0, 1), '- !!binary AAE=\n'],
    [Uuid.parse('550e8400-e29b-41d4-a716-446655440000'), '- 550e8400-e29b-41d4-a716-446655440000\n'],
    [Decimal.parse('1.50'), '- 1.50\n'],
  ];
  it.each(cases)('case %#', (value, expected) => {
    expect(body(value)).toBe(expected);
  });
});

it('what has no form in YAML is named', () => {
  const circular: unknown[] = [1];
  circular.push(circular);
  expect(body(circular)).toBe('- [1, <circular>]\n');
  expect(body(function work() {})).toBe('- <function work>\n');
  expect(body([Symbol('mark')])).toBe('- [Symbol(mark)]\n');
});

it('an error is one line', () => {
  expect(formatFailure("Space 'q' does not exist")).toBe("---\n- error: Space 'q' does not exist\n...\n");
  expect(formatFailure('it is: bad\nvery')).toBe('---\n- error: "it is: bad\\nvery"\n...\n');
});

it('any plain value is read back by a YAML parser', () => {
  const key = fc.string({ unit: 'binary-ascii' }).filter((text) => text !== '__proto__' && text !== '<<');
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'binary-ascii' }),
      fc.constantFrom(
        'yes',
        'null',
        '0x1f',
        '1e5',
        '.5',
        '1_0',
        '-',
        '?',
        '!x',
        '# c',
        'a:',
        '@a',
        '%',
        '...',
        '---',
        '=',
        '~',
      ),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(value, (given) => {
      expect(parse(formatResult(given))).toEqual([given]);
    }),
  );
});

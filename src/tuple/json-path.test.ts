import { describe, expect, test } from 'vitest';
import { decodeValue, encodeToBytes, type Value } from '../codec/msgpack/index.ts';
import { lookupPath, parseJsonPath, sameJsonPath, type JsonPath } from './json-path.ts';

function parsed(text: string): JsonPath {
  const path = parseJsonPath(text);
  if (typeof path === 'number') throw new Error(`${text}: mistake at ${path}`);
  return path;
}

describe('a path', () => {
  test.each([
    ['a', ['a']],
    ['.a.b', ['a', 'b']],
    ['[3].x_1["any text"][\'y\']', [2, 'x_1', 'any text', 'y']],
    ['ключ.é', ['ключ', 'é']],
    ['tags[*].name', ['tags', '*', 'name']],
  ])('%s has its tokens', (text, tokens) => {
    const found = parsed(text).tokens.map((token) =>
      token.kind === 'name' ? token.name : token.kind === 'index' ? token.index : '*',
    );
    expect(found).toEqual(tokens);
  });

  // Positions as 2.6.0 reports them.
  test.each([
    ['.', 2],
    ['[0]', 2],
    ['[', 1],
    ['a..b', 3],
    ['a.', 3],
    ['1a', 1],
    ['a b', 2],
    ['a[""]', 4],
    ['a["x', 5],
    ['a[1', 4],
    ['a[1]x', 5],
    ['a[x]', 3],
  ])('%s has a mistake at %d', (text, position) => {
    expect(parseJsonPath(text)).toBe(position);
  });

  test('is the same however it is written', () => {
    expect(sameJsonPath(parsed('a.b[1]'), parsed('["a"]["b"][1]'))).toBe(true);
    expect(sameJsonPath(parsed('a.b'), parsed('a.c'))).toBe(false);
    expect(sameJsonPath(parsed('a[1]'), parsed('a[*]'))).toBe(false);
    expect(sameJsonPath(null, parsed('a'))).toBe(false);
  });
});

test('looking up leads to the value, or nowhere', () => {
  const tree = new Map<Value, Value>([
    [5, 'five'],
    ['a', [1, { b: 'deep' }]],
  ]);
  const bytes = encodeToBytes(tree);
  const find = (text: string, entry = 0): Value | undefined => {
    const at = lookupPath(bytes, 0, parsed(text), entry);
    return at < 0 ? undefined : decodeValue(bytes, at);
  };
  expect(find('a[2].b')).toBe('deep');
  expect(find('a[*].b', 1)).toBe('deep');
  expect(find('a[*].b', 0)).toBeUndefined();
  expect(find('[5]')).toBe('five');
  expect(find('a[3]')).toBeUndefined();
  expect(find('a.b')).toBeUndefined();
  expect(find('b')).toBeUndefined();
});

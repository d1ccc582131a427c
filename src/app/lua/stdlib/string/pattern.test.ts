import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PatternMatcher } from './pattern.ts';

/** A part of a pattern, and the same as a regular expression. */
const CLASSES = [
  ['a', 'a'],
  ['.', '[\\s\\S]'],
  ['%a', '[a-zA-Z]'],
  ['%d', '[0-9]'],
  ['%s', '[ \\t\\n\\v\\f\\r]'],
  ['%W', '[^a-zA-Z0-9]'],
  ['%.', '\\.'],
  ['[a-c1]', '[a-c1]'],
  ['[^a%d]', '[^a0-9]'],
] as const;
const QUANTIFIERS = [
  ['', ''],
  ['*', '*'],
  ['+', '+'],
  ['-', '*?'],
  ['?', '?'],
] as const;
const part = fc.tuple(fc.constantFrom(...CLASSES), fc.constantFrom(...QUANTIFIERS), fc.boolean());
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'Z', '1', '2', ' ', '.', '\n', '\xff'), maxLength: 12 });

function firstMatch(source: string, pattern: string): unknown {
  const matcher = new PatternMatcher(source, pattern);
  for (let at = 0; at <= source.length; at++) {
    const end = matcher.matchAt(at, 0);
    if (end >= 0) return [at, end, ...matcher.captures(at, end)];
  }
  return null;
}

describe('PatternMatcher', () => {
  it('finds what the same regular expression finds', () => {
    fc.assert(
      fc.property(text, fc.array(part, { minLength: 1, maxLength: 5 }), fc.boolean(), (source, parts, isWhole) => {
        const pattern = parts
          .map(([[own], [quantifier], isCapture]) => (isCapture ? `(${own}${quantifier})` : own + quantifier))
          .join('');
        const expression = parts
          .map(([[, own], [, quantifier], isCapture]) => (isCapture ? `(${own}${quantifier})` : own + quantifier))
          .join('');
        const expected = new RegExp(isWhole ? `${expression}$` : expression, 'd').exec(source);
        const found = firstMatch(source, isWhole ? `${pattern}$` : pattern);
        if (expected === null) {
          expect(found).toBeNull();
          return;
        }
        const captures = expected.length === 1 ? [expected[0]] : expected.slice(1);
        expect(found).toEqual([expected.index, expected.index + expected[0].length, ...captures]);
      }),
    );
  });

  it.each(['(', '[a', '%', '%b', '%f', '(()', ')', '%1', '[%'])('refuses %s', (pattern) => {
    expect(() => firstMatch('aaa', pattern)).toThrow();
  });

  it('ends for any bytes', () => {
    fc.assert(
      fc.property(
        text,
        fc.string({ unit: fc.constantFrom(...'ab1%()[]^$-+*?.fb') as fc.Arbitrary<string>, maxLength: 8 }),
        (source, pattern) => {
          try {
            firstMatch(source, pattern);
          } catch (error) {
            expect((error as Error).message).toMatch(/pattern|capture|\[/);
          }
        },
      ),
    );
  });

  it('bounds its recursion', () => {
    expect(() => firstMatch('a'.repeat(1000), 'a?'.repeat(1000))).toThrow('pattern too complex');
    expect(firstMatch('a'.repeat(100_000), '^?a*b?$')).not.toBeUndefined();
  });
});

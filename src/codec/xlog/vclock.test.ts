import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareVclocks, formatVclock, parseVclock, vclockIsCoveredBy, vclockSignature } from './vclock.ts';

const vclocks = fc.array(fc.oneof(fc.constant(0), fc.nat(5), fc.maxSafeNat()), { maxLength: 32 });
const trimmed = (vclock: readonly number[]): readonly number[] => {
  let length = vclock.length;
  while (length > 0 && vclock[length - 1] === 0) length--;
  return vclock.slice(0, length);
};

test('text keeps every component', () => {
  fc.assert(
    fc.property(vclocks, (vclock) => {
      expect(parseVclock(formatVclock(vclock))).toEqual({ kind: 'vclock', vclock: trimmed(vclock) });
    }),
  );
});

test('text is as Tarantool writes it', () => {
  expect(formatVclock([])).toBe('{}');
  expect(formatVclock([9, 119])).toBe('{0: 9, 1: 119}');
  expect(formatVclock([0, 1, 0, 7])).toBe('{1: 1, 3: 7}');
});

test('blanks are free and ids may come in any order', () => {
  expect(parseVclock(' { 3:7 ,1 : 2 } ')).toEqual({ kind: 'vclock', vclock: [0, 2, 0, 7] });
  expect(parseVclock('{ }')).toEqual({ kind: 'vclock', vclock: [] });
});

test.each([
  ['', 1],
  ['{', 2],
  ['{0: 5, 1; 16}', 9],
  ['{1: 2, 1: 3}', 9],
  ['{32: 1}', 2],
  ['{1: 9007199254740992}', 5],
  ['{1: 2}x', 7],
  ['{1: 2,}', 7],
  ['{1: -2}', 5],
])('%j is invalid', (text, offset) => {
  expect(parseVclock(text)).toEqual({ kind: 'invalid', offset });
});

test('order is the product order, seen from both sides', () => {
  const mirrored = { equal: 'equal', before: 'after', after: 'before', incomparable: 'incomparable' } as const;
  const small = fc.array(fc.nat(2), { maxLength: 3 });
  fc.assert(
    fc.property(small, small, (left, right) => {
      const at = (vclock: readonly number[], id: number): number => vclock[id] ?? 0;
      const ids = [0, 1, 2];
      const covered = ids.every((id) => at(left, id) <= at(right, id));
      const covers = ids.every((id) => at(left, id) >= at(right, id));
      const expected = covered && covers ? 'equal' : covered ? 'before' : covers ? 'after' : 'incomparable';
      expect(compareVclocks(left, right)).toBe(expected);
      expect(compareVclocks(right, left)).toBe(mirrored[expected]);
      expect(vclockIsCoveredBy(left, right)).toBe(covered);
    }),
  );
});

test('the signature counts local rows too', () => {
  expect(vclockSignature([9, 119])).toBe(128);
  expect(vclockSignature([])).toBe(0);
});

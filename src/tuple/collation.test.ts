/** Orders are those of a real Tarantool 2.6.0 for the same strings. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoxError, collationId } from '../base/index.ts';
import { createCollator } from './collation.ts';
import type { Collator } from './key-def.ts';

function collator(locale: string, options: Record<string, string>): Collator {
  return createCollator({ id: collationId(9), name: 'test', type: 'ICU', locale, options })!;
}

const encoder = new TextEncoder();

function compare(order: Collator, a: string, b: string): number {
  const [aBytes, bBytes] = [encoder.encode(a), encoder.encode(b)];
  return Math.sign(order.compare(aBytes, 0, aBytes.length, bBytes, 0, bBytes.length));
}

function keyOf(order: Collator, text: string): string {
  const bytes = encoder.encode(text);
  return Buffer.from(order.normalisedKey(bytes, 0, bytes.length)).toString();
}

function sorted(order: Collator, words: string): string {
  return words
    .split(' ')
    .sort((a, b) => compare(order, a, b))
    .join(' ');
}

test.each([
  [
    '',
    'tertiary',
    '_ - 1 １ 10 2 a A Ａ å ä Ä a-b aa ab ae æ b B c ch co-op coop cote coté côte côté e E é è fi ﬁ h i I İ ı ll lz n ñ o ö ø ss SS ß z Z е ё и й Й 你 好',
  ],
  [
    '',
    'primary',
    '_ - 1 １ 10 2 a A ä Ä å Ａ a-b aa ab ae æ b B c ch co-op coop cote côte coté côté é e E è ﬁ fi h i I İ ı ll lz ñ n ø o ö ß ss SS z Z ё е и Й й 你 好',
  ],
  [
    'tr',
    'primary',
    '_ - 1 １ 10 2 a A ä Ä å Ａ a-b aa ab ae æ b B c ch co-op coop cote côte coté côté é e E è ﬁ fi h I ı i İ ll lz ñ n ø o ö ß ss SS z Z ё е и Й й 你 好',
  ],
  [
    'da',
    'primary',
    '_ - 1 １ 10 2 a A Ａ a-b ab ae b B c ch co-op coop cote côte coté côté é e E è ﬁ fi h i I İ ı ll lz ñ n o ß ss SS z Z ä Ä æ ø ö å aa ё е и Й й 你 好',
  ],
  [
    'da',
    'tertiary',
    '_ - 1 １ 10 2 A Ａ a a-b ab ae B b c ch co-op coop cote coté côte côté E e é è fi ﬁ h I i İ ı ll lz n ñ o SS ss ß Z z æ Ä ä ø ö å aa е ё и Й й 你 好',
  ],
  [
    'de_DE_u_co_phonebk',
    'tertiary',
    '_ - 1 １ 10 2 a A Ａ å a-b aa ab ae ä Ä æ b B c ch co-op coop cote coté côte côté e E é è fi ﬁ h i I İ ı ll lz n ñ o ø ö ss SS ß z Z е ё и й Й 你 好',
  ],
  [
    'es_u_co_trad',
    'tertiary',
    '_ - 1 １ 10 2 a A Ａ å ä Ä a-b aa ab ae æ b B c co-op coop cote coté côte côté ch e E é è fi ﬁ h i I İ ı lz ll n ñ o ö ø ss SS ß z Z е ё и й Й 你 好',
  ],
  [
    'fr_CA',
    'tertiary',
    '_ - 1 １ 10 2 a A Ａ å ä Ä a-b aa ab ae æ b B c ch co-op coop cote côte coté côté e E é è fi ﬁ h i I İ ı ll lz n ñ o ö ø ss SS ß z Z е ё и й Й 你 好',
  ],
  [
    'cs',
    'tertiary',
    '_ - 1 １ 10 2 a A Ａ å ä Ä a-b aa ab ae æ b B c co-op coop cote coté côte côté e E é è fi ﬁ h ch i I İ ı ll lz n ñ o ö ø ss SS ß z Z е ё и й Й 你 好',
  ],
  [
    'zh',
    'tertiary',
    '_ - 1 １ 10 2 好 你 a A Ａ å ä Ä a-b aa ab ae æ b B c ch co-op coop coté cote côté côte é è e E fi ﬁ h i I İ ı ll lz n ñ o ö ø ss SS ß z Z е ё и й Й',
  ],
])('locale "%s", strength %s', (locale, strength, words) => {
  const order = collator(locale, { strength });
  const list = words.split(' ');
  for (let index = 1; index < list.length; index++) {
    expect([list[index], compare(order, list[index - 1]!, list[index]!)]).not.toEqual([list[index], 1]);
  }
  const backwards = sorted(order, list.toReversed().join(' ')).split(' ');
  backwards.forEach((word, index) => expect(compare(order, word, list[index]!)).toBe(0));
});

test('the order of bytes has no collator', () => {
  expect(createCollator({ id: collationId(3), name: 'binary', type: 'BINARY', locale: '', options: {} })).toBeNull();
});

test('a locale that there is not has the order of the root', () => {
  const unknown = collator('xx_YY', { strength: 'tertiary' });
  expect(sorted(unknown, 'b A a B')).toBe('a A b B');
});

test('an option that has no counterpart is refused', () => {
  expect(() => collator('fr', { french_collation: 'on' })).toThrow(BoxError);
});

test('numbers in strings compare by value where that is asked for', () => {
  const numeric = collator('', { strength: 'primary', numeric_collation: 'on' });
  expect(sorted(numeric, 'a10 a9 a2')).toBe('a2 a9 a10');
  expect(compare(numeric, 'a007', 'a7')).toBe(0);
  expect(keyOf(numeric, 'a007')).toBe(keyOf(numeric, 'A7'));
});

test('identical strength tells apart by bytes what the letters do not', () => {
  const identical = collator('', { strength: 'identical' });
  expect(compare(identical, 'e\u0301', '\u00e9')).not.toBe(0);
  expect(compare(collator('', { strength: 'tertiary' }), 'e\u0301', '\u00e9')).toBe(0);
});

test('strings may lie in shared memory', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(16));
  shared.set(encoder.encode('Ab'), 3);
  const plain = encoder.encode('aB');
  expect(collator('', { strength: 'primary' }).compare(shared, 3, 2, plain, 0, 2)).toBe(0);
});

describe('keys for hashing', () => {
  const letter = fc.constantFrom(
    ...'aAbBeEiIoOsSzZ19 -_',
    ...[
      'ä',
      'æ',
      'é',
      'è',
      'ß',
      'ı',
      'İ',
      'å',
      'ø',
      'ö',
      'й',
      'Й',
      'ё',
      'ﬁ',
      'ﬃ',
      'ñ',
      '１',
      'Ａ',
      '\u0301',
      '\u0308',
      '\u200d',
      '你',
    ],
  );
  const text = fc.string({ unit: letter, maxLength: 4 });
  const variants: fc.Arbitrary<[string, string]> = fc
    .tuple(text, text)
    .chain(([a, b]) =>
      fc.constantFrom<[string, string]>(
        [a, b],
        [a, a.toUpperCase()],
        [a, a.normalize('NFD')],
        [a, a.normalize('NFKD')],
        [a, `${a}\u200d`],
      ),
    );

  test.each(['', 'tr', 'da', 'de_DE_u_co_phonebk', 'sv', 'es'])('are the same for equal strings, in %s', (locale) => {
    for (const strength of ['primary', 'secondary', 'tertiary']) {
      const order = collator(locale, { strength });
      fc.assert(
        fc.property(variants, ([a, b]) => {
          if (compare(order, a, b) === 0) expect([a, b, keyOf(order, a)]).toEqual([a, b, keyOf(order, b)]);
        }),
        { numRuns: 400 },
      );
    }
  });

  test('tell different words apart', () => {
    const order = collator('', { strength: 'primary' });
    const words = ['user1', 'user2', 'user10', 'admin', 'guest'];
    expect(new Set(words.map((word) => keyOf(order, word))).size).toBe(words.length);
  });
});

/**
 * Collations: string orders of the rows of `_collation`, made from the platform's ICU (Intl.Collator). Rows of type BINARY
 * and ICU's absence alike mean the order of bytes, which has no Collator. Orders of locales that ICU does not have are the
 * root's. ICU versions differ in details of rare scripts; the version in use is part of what a data directory depends on.
 * This is the only file of the pure rooms that uses Intl.
 */
import { boxError, type CollationId } from '../base/index.ts';
import type { Collator } from './key-def.ts';

export type CollationDefinition = Readonly<{
  id: CollationId;
  name: string;
  type: 'BINARY' | 'ICU';
  /** As ICU writes it, `de_AT_u_co_phonebk`; empty for the root. */
  locale: string;
  /** The row's options, as stored. */
  options: Readonly<Record<string, string>>;
}>;

type Sensitivity = 'base' | 'accent' | 'case' | 'variant';

/** Intl falls back to the locale of the environment; English sorts as the root does and is always there. */
const ROOT_LOCALE = 'en';
const DIGIT_RUN = /\p{Nd}/u;
const ASCII_WORD = [...'abcdefghijklmnopqrstuvwxyz', ...'ABCDEFGHIJKLMNOPQRSTUVWXYZ', ...'0123456789'];
const CACHED_CHARACTERS_MAX = 4096;
const textDecoder = new TextDecoder('utf-8');
const textEncoder = new TextEncoder();

/**
 * The collator of a collation; null for the order of bytes. Throws CANT_CREATE_COLLATION (150) for options that have no
 * counterpart here.
 */
export function createCollator(definition: CollationDefinition): Collator | null {
  if (definition.type === 'BINARY') return null;
  const options = Object.fromEntries(
    Object.entries(definition.options).map(([name, value]) => [name, value.toLowerCase()]),
  );
  const isOn = (name: string): boolean => options[name] === 'on';
  if (isOn('french_collation')) throw boxError('CANT_CREATE_COLLATION', 'french_collation is not supported');
  const collator = new Intl.Collator(localeOf(definition.locale), {
    sensitivity: sensitivityOf(options['strength'], isOn('case_level')),
    numeric: isOn('numeric_collation'),
    ...caseFirstOf(options['case_first']),
    ignorePunctuation: options['alternate_handling'] === 'shifted',
  });
  return new IcuCollator(definition.id, collator, options['strength'] === 'identical', isOn('numeric_collation'));
}

function localeOf(locale: string): string {
  const tag = locale.replaceAll('_', '-');
  return tag !== '' && isSupported(tag) ? tag : ROOT_LOCALE;
}

function isSupported(tag: string): boolean {
  try {
    return Intl.Collator.supportedLocalesOf([tag]).length > 0;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function sensitivityOf(strength: string | undefined, hasCaseLevel: boolean): Sensitivity {
  switch (strength) {
    case 'primary':
      return hasCaseLevel ? 'case' : 'base';
    case 'secondary':
      if (hasCaseLevel) throw boxError('CANT_CREATE_COLLATION', 'case_level with secondary strength is not supported');
      return 'accent';
    default:
      return 'variant';
  }
}

/** Nothing for what the locale decides. */
function caseFirstOf(option: string | undefined): Intl.CollatorOptions {
  switch (option) {
    case 'upper_first':
      return { caseFirst: 'upper' };
    case 'lower_first':
      return { caseFirst: 'lower' };
    case 'off':
      return { caseFirst: 'false' };
    default:
      return {};
  }
}

class IcuCollator implements Collator {
  readonly id: CollationId;
  readonly mayJoinDifferent = true;
  readonly #collator: Intl.Collator;
  readonly #breaksTiesByBytes: boolean;
  readonly #isNumeric: boolean;
  #letters: LetterClasses | null = null;

  constructor(id: CollationId, collator: Intl.Collator, breaksTiesByBytes: boolean, isNumeric: boolean) {
    this.id = id;
    this.#collator = collator;
    this.#breaksTiesByBytes = breaksTiesByBytes;
    this.#isNumeric = isNumeric;
  }

  compare(a: Uint8Array, aStart: number, aLength: number, b: Uint8Array, bStart: number, bLength: number): number {
    const difference = compareBytes(a, aStart, aLength, b, bStart, bLength);
    if (difference === 0) return 0;
    const result = this.#collator.compare(textOf(a, aStart, aLength), textOf(b, bStart, bLength));
    return result === 0 && this.#breaksTiesByBytes ? difference : result;
  }

  normalisedKey(bytes: Uint8Array, start: number, length: number): Uint8Array {
    this.#letters ??= new LetterClasses(this.#collator, this.#isNumeric);
    return textEncoder.encode(this.#letters.keyOf(textOf(bytes, start, length)));
  }
}

function compareBytes(
  a: Uint8Array,
  aStart: number,
  aLength: number,
  b: Uint8Array,
  bStart: number,
  bLength: number,
): number {
  const length = Math.min(aLength, bLength);
  for (let index = 0; index < length; index++) {
    const difference = a[aStart + index]! - b[bStart + index]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

function textOf(bytes: Uint8Array, start: number, length: number): string {
  const end = start + length;
  // TextDecoder refuses views of shared memory, where the arena lies.
  return textDecoder.decode(bytes.buffer instanceof ArrayBuffer ? bytes.subarray(start, end) : bytes.slice(start, end));
}

function remembered(known: Map<string, string>, character: string, find: () => string): string {
  const before = known.get(character);
  if (before !== undefined) return before;
  const found = find();
  if (known.size < CACHED_CHARACTERS_MAX) known.set(character, found);
  return found;
}

/**
 * What is left of a string when each character is replaced by the ASCII letters and digits that the collation holds equal
 * to it, and dropped if there are none: the same for strings that the collation calls equal. Digits are dropped where
 * they compare by value.
 */
class LetterClasses {
  readonly #collator: Intl.Collator;
  readonly #isNumeric: boolean;
  /** ASCII letters, digits and pairs of them in the collation's order. */
  readonly #pivots: readonly string[];
  readonly #plain = new Map<string, string>();
  readonly #keys = new Map<string, string>();

  constructor(collator: Intl.Collator, isNumeric: boolean) {
    this.#collator = collator;
    this.#isNumeric = isNumeric;
    const pairs = ASCII_WORD.flatMap((first) => ASCII_WORD.map((second) => first + second));
    this.#pivots = [...ASCII_WORD, ...pairs].sort(
      (one, other) => collator.compare(one, other) || (one < other ? -1 : 1),
    );
  }

  keyOf(text: string): string {
    let plain = '';
    for (const character of text.normalize('NFC')) plain += this.#plainOf(character);
    let key = '';
    // Plain letters may have come to stand beside their accents.
    for (const character of plain.normalize('NFC')) key += this.#keyOfCharacter(character);
    return key;
  }

  #plainOf(character: string): string {
    return remembered(this.#plain, character, () => {
      if (this.#collator.compare(character, '') === 0) return '';
      const pivot = this.#equalPivot(character);
      if (pivot !== null) return pivot;
      const expanded = character.normalize('NFKD');
      return this.#collator.compare(character, expanded) === 0 ? expanded : character;
    });
  }

  #keyOfCharacter(character: string): string {
    return remembered(this.#keys, character, () => {
      if (this.#isNumeric && DIGIT_RUN.test(character)) return '';
      return this.#equalPivot(character) ?? '';
    });
  }

  /** The first of the pivots that equal the character, null if none does. */
  #equalPivot(character: string): string | null {
    let low = 0;
    let high = this.#pivots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#collator.compare(this.#pivots[middle]!, character) < 0) low = middle + 1;
      else high = middle;
    }
    const pivot = this.#pivots[low];
    return pivot !== undefined && this.#collator.compare(pivot, character) === 0 ? pivot : null;
  }
}

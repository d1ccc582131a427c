/**
 * Multikey indexes: a part's path holds one `[*]`, and a tuple has a key for each element of that array. All parts with
 * `[*]` go through the same array. Keys that are equal within one tuple count once.
 */
import { boxError } from '../base/index.ts';
import { arrayLength } from '../codec/msgpack/index.ts';
import type { Comparator } from './comparator.ts';
import { elementPosition, lookupTokens, sameJsonToken, type JsonPath } from './json-path.ts';
import type { KeyDef, KeyPart } from './key-def.ts';

type MultikeyPart = KeyPart & Readonly<{ path: JsonPath }>;

function isMultikeyPart(part: KeyPart): part is MultikeyPart {
  return part.path !== null && part.path.anyTokenAt >= 0;
}

/**
 * Checks that the `[*]` of all parts stand for one array. Throws WRONG_INDEX_OPTIONS (108), which counts parts from 1, if
 * not, or if a path holds several.
 */
export function validateMultikeyParts(parts: readonly KeyPart[]): void {
  let first: MultikeyPart | null = null;
  parts.forEach((part, index) => {
    if (!isMultikeyPart(part)) return;
    first ??= part;
    if (!sameArray(first, part)) throw boxError('WRONG_INDEX_OPTIONS', index + 1, 'incompatable multikey index path');
    if (part.path.tokens.filter((token) => token.kind === 'any').length > 1) {
      const reason = 'no more than one array index placeholder [*] is allowed in JSON path';
      throw boxError('WRONG_INDEX_OPTIONS', index + 1, reason);
    }
  });
}

function sameArray(one: MultikeyPart, other: MultikeyPart): boolean {
  if (one.fieldNo !== other.fieldNo || one.path.anyTokenAt !== other.path.anyTokenAt) return false;
  const prefix = one.path.tokens.slice(0, one.path.anyTokenAt);
  return prefix.every((token, index) => sameJsonToken(token, other.path.tokens[index]!));
}

/** How many elements the array of a multikey definition has in the tuple at `position`; 0 if it is absent. */
export function multikeyEntryCount(definition: KeyDef, bytes: Uint8Array, position: number): number {
  const part = definition.parts.find(isMultikeyPart);
  if (part === undefined) return 1;
  const field = elementPosition(bytes, position, part.fieldNo);
  const array = field < 0 ? -1 : lookupTokens(bytes, field, part.path.tokens, 0, part.path.anyTokenAt, 0);
  return array < 0 ? 0 : Math.max(0, arrayLength(bytes, array));
}

/**
 * The elements whose keys a multikey index holds for a tuple: of those with equal keys the first. `comparator` is that of
 * the definition's own parts.
 */
export function multikeyEntries(
  definition: KeyDef,
  comparator: Comparator,
  bytes: Uint8Array,
  position: number,
): number[] {
  const count = multikeyEntryCount(definition, bytes, position);
  const order = Array.from({ length: count }, (_, entry) => entry);
  const compare = (one: number, other: number): number =>
    comparator.compareTuples(bytes, position, bytes, position, one, other);
  order.sort((one, other) => compare(one, other) || one - other);
  const kept = order.filter((entry, index) => index === 0 || compare(order[index - 1]!, entry) !== 0);
  return kept.sort((one, other) => one - other);
}

/** Entries and logs as the tests of this part use them. */
import type { Entry } from '../types.ts';

/** One for each term, behind `previousIndex`; each has a payload of `sizeBytes`. */
export function entriesOf(previousIndex: number, terms: readonly number[], sizeBytes = 1): readonly Entry[] {
  return terms.map((term, place) => ({
    term,
    index: previousIndex + 1 + place,
    payload: { kind: 'data', data: new Uint8Array(sizeBytes) },
  }));
}

/** `index/term` of each. */
export function placesOf(entries: readonly Entry[] | null): readonly string[] {
  return (entries ?? []).map(({ index, term }) => `${index}/${term}`);
}

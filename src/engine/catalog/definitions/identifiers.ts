/** Names of schema objects: printable Unicode of at most 65000 bytes. */
import { boxError, type ErrorName } from '../../../base/index.ts';
import { encodeText, exactText } from '../../../codec/msgpack/index.ts';
import type { TupleReader } from '../tuple-reader.ts';

export const NAME_BYTES_MAX = 65000;
/** How much of a name that is too long its error shows. */
const SHOWN_NAME_BYTES = 64;

/** What cannot stand in a name. Bytes that are not UTF-8 have become lone surrogates before. */
const UNPRINTABLE = /[\p{Cn}\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u{FFFD}]/u;

/** Throws IDENTIFIER (70) for an empty or unprintable name, which the error shows up to its first zero byte. */
export function checkIdentifier(name: string): void {
  if (name === '' || UNPRINTABLE.test(name)) throw boxError('IDENTIFIER', name.replace(/\0[^]*/, ''));
}

/** The name in a field of a row; `error` takes the name and a reason, `what` says whose name it is. */
export function readName(row: TupleReader, fieldNo: number, error: ErrorName, what: string): string {
  const name = row.string(fieldNo);
  if (row.stringLength(fieldNo) > NAME_BYTES_MAX) throw boxError(error, shownName(name), `${what} name is too long`);
  checkIdentifier(name);
  return name;
}

/** The beginning of a name, as errors about its length show it. */
export function shownName(name: string): string {
  return exactText(encodeText(name).subarray(0, SHOWN_NAME_BYTES));
}

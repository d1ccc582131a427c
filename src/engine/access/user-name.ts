/** Names of users and roles: printable Unicode of at most 65000 bytes. */
import { boxError } from '../../base/index.ts';
import type { TupleReader } from '../catalog/index.ts';

const NAME_BYTES_MAX = 65000;
/** How much of a name its error shows that is too long or unknown. */
const SHOWN_NAME_BYTES = 64;

/** What cannot stand in a name. Bytes that are not UTF-8 have become U+FFFD before. */
const UNPRINTABLE = /[\p{Cn}\p{Cc}\p{Zl}\p{Zp}\u{FFFD}]/u;

/** The name in a field of a row. Throws CREATE_USER (43) for one that is too long. */
export function readUserName(row: TupleReader, fieldNo: number): string {
  const name = row.string(fieldNo);
  if (row.stringLength(fieldNo) > NAME_BYTES_MAX) {
    throw boxError('CREATE_USER', shownUserName(name), 'user name is too long');
  }
  return name;
}

/** Throws IDENTIFIER (70) for an empty or unprintable name. */
export function checkUserName(name: string): void {
  if (name === '' || UNPRINTABLE.test(name)) throw boxError('IDENTIFIER', name);
}

/** The beginning of the name. */
export function shownUserName(name: string): string {
  if (name.length <= SHOWN_NAME_BYTES / 4) return name;
  return new TextDecoder().decode(new TextEncoder().encode(name).subarray(0, SHOWN_NAME_BYTES));
}

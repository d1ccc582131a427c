/**
 * The cluster's cookie in the data directory: one line in a file that nobody but its owner may read. A file that others
 * can read is refused rather than used, since what is in it is no secret any more.
 */
import type { Files } from '../env/index.ts';
import { readText } from './text-file.ts';

export const COOKIE_FILE = '.picodata-cookie';
const OTHERS_BITS = 0o077;
const COOKIE_BYTES_MAX = 4096;

/** A cookie file that cannot be used; the message names it. */
export class CookieError extends Error {
  override readonly name = 'CookieError';
}

/** Null without such a file. Throws CookieError, FileError. */
export function readCookieFile(files: Files, dataDir: string): string | null {
  const path = files.join(dataDir, COOKIE_FILE);
  const status = files.status(path);
  if (status === null) return null;
  if ((status.permissions & OTHERS_BITS) !== 0) {
    const permissions = status.permissions.toString(8).padStart(4, '0');
    throw new CookieError(`${path}: others may read it (mode ${permissions}); run chmod 600 on it`);
  }
  const cookie = readText(files, path, COOKIE_BYTES_MAX).replace(/\r?\n$/, '');
  if (cookie === '') throw new CookieError(`${path}: the file is empty`);
  if (cookie.includes('\n')) throw new CookieError(`${path}: the file must hold one line`);
  return cookie;
}

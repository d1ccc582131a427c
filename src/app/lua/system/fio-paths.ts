/** Paths as texts: what `fio` does with them without looking at any file. Paths are Lua strings. */

import { usageError } from './module.ts';
import { rawToText } from '../runtime/types.ts';
import type { LuaValue } from '../runtime/values.ts';

/** What is behind the last slash, with every occurrence of the suffix taken out, as Tarantool does. */
export function baseName(path: string, suffix: string | undefined): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return suffix === undefined || suffix === '' ? name : name.replaceAll(suffix, '');
}

/** As C's `dirname`. */
export function directoryName(path: string): string {
  const withoutEnd = path.replace(/\/+$/, '');
  if (withoutEnd === '' && path !== '') return path === '/' ? '/' : path.length === 2 ? '//' : '/';
  const at = withoutEnd.lastIndexOf('/');
  if (at < 0) return '.';
  return withoutEnd.slice(0, at).replace(/\/+$/, '') || '/';
}

/** An absolute path without `.`, `..` and double slashes. */
export function absolutePath(path: string, workingDirectory: string): string {
  const result: string[] = [];
  const full = path.startsWith('/') ? path : `${workingDirectory}/${path}`;
  for (const segment of full.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') result.pop();
    else result.push(segment);
  }
  return `/${result.join('/')}`;
}

/** The parts with one slash between them. Throws for a part that is nil. */
export function joinPath(parts: readonly LuaValue[]): string {
  if (parts.length === 0) return '.';
  const texts: string[] = [];
  for (const [at, part] of parts.entries()) {
    if (part === undefined) {
      throw usageError(`builtin/fio.lua:${at === 0 ? 241 : 261}: fio.pathjoin(): undefined path part ${at + 1}`);
    }
    const text = rawToText(part);
    if (text !== '') texts.push(text);
  }
  const joined = texts.join('/').replace(/\/+/g, '/');
  return joined.length > 1 ? joined.replace(/\/$/, '') : joined;
}

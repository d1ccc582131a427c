/** `find`, `match`, `gmatch` and `gsub`. */
import { checkInt32, checkString, optionalInt32 } from '../../runtime/arguments.ts';
import { ArgumentError, runtimeError } from '../../runtime/errors.ts';
import type { LuaRuntime } from '../../runtime/runtime.ts';
import { LuaTable } from '../../runtime/table.ts';
import { numberToText, typeOf } from '../../runtime/types.ts';
import { firstOf, isTrue, LuaFunction, type LuaResult, type LuaValue, plainFunction } from '../../runtime/values.ts';
import { isPlainText, PatternMatcher } from './pattern.ts';

/** From 0, within the text. */
function startOf(values: readonly LuaValue[], length: number): number {
  const position = optionalInt32(values, 3, 1);
  const start = position < 0 ? position + length : position - 1;
  return Math.min(Math.max(start, 0), length);
}

export function find(values: readonly LuaValue[]): LuaResult {
  const source = checkString(values, 1);
  const pattern = checkString(values, 2);
  const start = startOf(values, source.length);
  if (isTrue(values[3]) || isPlainText(pattern)) {
    const at = source.indexOf(pattern, start);
    return at < 0 ? undefined : [at + 1, at + pattern.length];
  }
  return search(source, pattern, start, (matcher, at, end) => {
    const place = [at + 1, end];
    return matcher.captureCount === 0 ? place : [...place, ...matcher.captures(at, end)];
  });
}

export function match(values: readonly LuaValue[]): LuaResult {
  const source = checkString(values, 1);
  const pattern = checkString(values, 2);
  const start = startOf(values, source.length);
  return search(source, pattern, start, (matcher, at, end) =>
    matcher.captureCount <= 1 ? matcher.capture(0, at, end) : matcher.captures(at, end),
  );
}

function search(
  source: string,
  pattern: string,
  start: number,
  give: (matcher: PatternMatcher, at: number, end: number) => LuaResult,
): LuaResult {
  const matcher = new PatternMatcher(source, pattern);
  const isAnchored = pattern.startsWith('^');
  const last = isAnchored ? start : source.length;
  for (let at = start; at <= last; at++) {
    const end = matcher.matchAt(at, isAnchored ? 1 : 0);
    if (end >= 0) return give(matcher, at, end);
  }
  return undefined;
}

/** An iterator; an anchor has no meaning in its pattern. */
export function gmatch(values: readonly LuaValue[]): LuaFunction {
  const source = checkString(values, 1);
  const pattern = checkString(values, 2);
  const matcher = new PatternMatcher(source, pattern);
  let start = 0;
  return plainFunction(() => {
    for (let at = start; at <= source.length; at++) {
      const end = matcher.matchAt(at, 0);
      if (end < 0) continue;
      start = end === at ? end + 1 : end;
      return matcher.captureCount <= 1 ? matcher.capture(0, at, end) : matcher.captures(at, end);
    }
    start = source.length + 1;
    return undefined;
  });
}

type Replacer = (matcher: PatternMatcher, start: number, end: number) => Generator<object, LuaValue, unknown> | string;

/** The new text and the number of matches. */
export function* gsub(runtime: LuaRuntime, values: readonly LuaValue[]): Generator<object, LuaValue[], unknown> {
  const source = checkString(values, 1);
  const pattern = checkString(values, 2);
  const replace = replacerOf(runtime, values[2]);
  const most = values[3] === undefined ? source.length + 1 : checkInt32(values, 4);
  const isAnchored = pattern.startsWith('^');
  const matcher = new PatternMatcher(source, pattern);
  let result = '';
  let count = 0;
  let at = 0;
  while (count < most) {
    const end = matcher.matchAt(at, isAnchored ? 1 : 0);
    if (end >= 0) {
      count++;
      const replacement = replace(matcher, at, end);
      if (typeof replacement === 'string') result += replacement;
      else result += replacementText(yield* replacement, source.slice(at, end));
    }
    if (end > at) at = end;
    else if (at < source.length) result += source[at++]!;
    else break;
    if (isAnchored) break;
  }
  return [result + source.slice(at), count];
}

function replacerOf(runtime: LuaRuntime, replacement: LuaValue): Replacer {
  if (replacement instanceof LuaFunction) {
    return function* (matcher, start, end) {
      return firstOf(yield* runtime.call(replacement, matcher.captures(start, end)));
    };
  }
  if (replacement instanceof LuaTable) {
    return function* (matcher, start, end) {
      return firstOf(yield* runtime.index(replacement, matcher.capture(0, start, end), ''));
    };
  }
  if (typeof replacement !== 'string' && typeof replacement !== 'number') {
    throw new ArgumentError(3, 'string/function/table expected');
  }
  const template = typeof replacement === 'number' ? numberToText(replacement) : replacement;
  if (!template.includes('%')) return () => template;
  return (matcher, start, end) => fillTemplate(template, matcher, start, end);
}

/** `%0` is the match, `%1` to `%9` its captures, and what else follows a percent sign stands for itself. */
function fillTemplate(template: string, matcher: PatternMatcher, start: number, end: number): string {
  let result = '';
  for (let at = 0; at < template.length; at++) {
    const character = template[at]!;
    if (character !== '%') {
      result += character;
      continue;
    }
    const next = template[++at] ?? '\0';
    if (next < '0' || next > '9') result += next;
    else if (next === '0') result += matcher.wholeMatch(start, end);
    else result += String(matcher.capture(Number(next) - 1, start, end));
  }
  return result;
}

function replacementText(value: LuaValue, original: string): string {
  if (!isTrue(value)) return original;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return numberToText(value);
  throw runtimeError(`invalid replacement value (a ${typeOf(value)})`);
}

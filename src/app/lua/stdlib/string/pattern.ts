/**
 * Lua's patterns over byte strings. Recursion is bounded as in LuaJIT, so that no pattern exhausts the stack; messages
 * are LuaJIT's.
 */
import { runtimeError } from '../../runtime/errors.ts';
import type { LuaError } from '../../runtime/errors.ts';
import type { LuaValue } from '../../runtime/values.ts';
import { isOfClass } from './character-classes.ts';

export const CAPTURES_MAX = 32;
const DEPTH_MAX = 200;

/** Lengths of captures that are no ranges. */
const UNFINISHED = -1;
const POSITION = -2;

const PERCENT = 37;
const OPEN = 40;
const CLOSE = 41;
const STAR = 42;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const QUESTION = 63;
const BRACKET_OPEN = 91;
const BRACKET_CLOSE = 93;
const CARET = 94;
const DOLLAR = 36;
const LETTER_B = 98;
const LETTER_F = 102;

export class PatternMatcher {
  readonly #source: string;
  readonly #pattern: string;
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  #depth = 0;

  constructor(source: string, pattern: string) {
    this.#source = source;
    this.#pattern = pattern;
  }

  /** Matches at this place of the source with the pattern from `patternAt` on. The end of the match, or -1. */
  matchAt(at: number, patternAt: number): number {
    this.#starts.length = 0;
    this.#lengths.length = 0;
    this.#depth = 0;
    return this.#match(at, patternAt);
  }

  get captureCount(): number {
    return this.#starts.length;
  }

  wholeMatch(start: number, end: number): string {
    return this.#source.slice(start, end);
  }

  /** A capture, counted from 0; the whole match if there are none. */
  capture(index: number, start: number, end: number): string | number {
    const length = this.#lengths[index];
    if (length === undefined) {
      if (index !== 0) throw runtimeError('invalid capture index');
      return this.#source.slice(start, end);
    }
    if (length === UNFINISHED) throw runtimeError('unfinished capture');
    const from = this.#starts[index]!;
    return length === POSITION ? from + 1 : this.#source.slice(from, from + length);
  }

  /** All captures, or the whole match if there are none. */
  captures(start: number, end: number): LuaValue[] {
    const result: LuaValue[] = [];
    const count = this.captureCount || 1;
    for (let index = 0; index < count; index++) result.push(this.capture(index, start, end));
    return result;
  }

  #match(start: number, patternStart: number): number {
    if (++this.#depth > DEPTH_MAX) throw runtimeError('pattern too complex');
    const end = this.#matchOn(start, patternStart);
    this.#depth--;
    return end;
  }

  #matchOn(start: number, patternStart: number): number {
    const pattern = this.#pattern;
    const source = this.#source;
    let at = start;
    let p = patternStart;
    while (p < pattern.length) {
      const code = pattern.charCodeAt(p);
      if (code === OPEN) {
        const isPosition = pattern.charCodeAt(p + 1) === CLOSE;
        return this.#startCapture(at, isPosition ? p + 2 : p + 1, isPosition ? POSITION : UNFINISHED);
      }
      if (code === CLOSE) return this.#endCapture(at, p + 1);
      if (code === DOLLAR && p + 1 === pattern.length) return at === source.length ? at : -1;
      if (code === PERCENT) {
        const next = pattern.charCodeAt(p + 1);
        if (next === LETTER_B) {
          at = this.#matchBalance(at, p + 2);
          if (at < 0) return -1;
          p += 4;
          continue;
        }
        if (next === LETTER_F) {
          p += 2;
          if (pattern.charCodeAt(p) !== BRACKET_OPEN) throw runtimeError("missing '[' after '%f' in pattern");
          const classEnd = this.#classEnd(p);
          if (!this.#isFrontier(at, p, classEnd)) return -1;
          p = classEnd;
          continue;
        }
        if (next >= 48 && next <= 57) {
          at = this.#matchBackReference(at, next - 49);
          if (at < 0) return -1;
          p += 2;
          continue;
        }
      }
      const classEnd = this.#classEnd(p);
      const suffix = pattern.charCodeAt(classEnd);
      if (suffix === STAR) return this.#expandMost(at, p, classEnd, 0);
      if (suffix === PLUS) return this.#expandMost(at, p, classEnd, 1);
      if (suffix === MINUS) return this.#expandLeast(at, p, classEnd);
      const isMatch = at < source.length && this.#matchesOne(source.charCodeAt(at), p, classEnd);
      if (suffix === QUESTION) {
        if (isMatch) {
          const end = this.#match(at + 1, classEnd + 1);
          if (end >= 0) return end;
        }
        p = classEnd + 1;
        continue;
      }
      if (!isMatch) return -1;
      at++;
      p = classEnd;
    }
    return at;
  }

  /** Behind the single-character class that begins at `p`. */
  #classEnd(p: number): number {
    const pattern = this.#pattern;
    const code = pattern.charCodeAt(p);
    if (code === PERCENT) {
      if (p + 1 >= pattern.length) throw malformed("ends with '%'");
      return p + 2;
    }
    if (code !== BRACKET_OPEN) return p + 1;
    let at = p + 1;
    if (pattern.charCodeAt(at) === CARET) at++;
    do {
      if (at >= pattern.length || pattern.charCodeAt(at) === 0) throw malformed("missing ']'");
      if (pattern.charCodeAt(at++) === PERCENT && at < pattern.length) at++;
    } while (pattern.charCodeAt(at) !== BRACKET_CLOSE);
    return at + 1;
  }

  #matchesOne(code: number, p: number, classEnd: number): boolean {
    const first = this.#pattern.charCodeAt(p);
    if (first === DOT) return true;
    if (first === PERCENT) return isOfClass(code, this.#pattern.charCodeAt(p + 1));
    if (first === BRACKET_OPEN) return this.#isInSet(code, p, classEnd - 1);
    return first === code;
  }

  /** `close` is the place of the set's closing bracket. */
  #isInSet(code: number, p: number, close: number): boolean {
    const pattern = this.#pattern;
    const isNegated = pattern.charCodeAt(p + 1) === CARET;
    for (let at = p + (isNegated ? 2 : 1); at < close; at++) {
      const first = pattern.charCodeAt(at);
      if (first === PERCENT) {
        if (isOfClass(code, pattern.charCodeAt(++at))) return !isNegated;
      } else if (pattern.charCodeAt(at + 1) === MINUS && at + 2 < close) {
        if (first <= code && code <= pattern.charCodeAt(at + 2)) return !isNegated;
        at += 2;
      } else if (first === code) return !isNegated;
    }
    return isNegated;
  }

  #isFrontier(at: number, p: number, classEnd: number): boolean {
    const source = this.#source;
    const previous = at === 0 ? 0 : source.charCodeAt(at - 1);
    const current = at < source.length ? source.charCodeAt(at) : 0;
    return !this.#isInSet(previous, p, classEnd - 1) && this.#isInSet(current, p, classEnd - 1);
  }

  #expandMost(start: number, p: number, classEnd: number, least: number): number {
    const source = this.#source;
    let at = start;
    while (at < source.length && this.#matchesOne(source.charCodeAt(at), p, classEnd)) at++;
    for (; at >= start + least; at--) {
      const end = this.#match(at, classEnd + 1);
      if (end >= 0) return end;
    }
    return -1;
  }

  #expandLeast(start: number, p: number, classEnd: number): number {
    const source = this.#source;
    for (let at = start; ; at++) {
      const end = this.#match(at, classEnd + 1);
      if (end >= 0) return end;
      if (at >= source.length || !this.#matchesOne(source.charCodeAt(at), p, classEnd)) return -1;
    }
  }

  #startCapture(at: number, p: number, length: number): number {
    if (this.#starts.length >= CAPTURES_MAX) throw runtimeError('too many captures');
    this.#starts.push(at);
    this.#lengths.push(length);
    const end = this.#match(at, p);
    if (end < 0) {
      this.#starts.pop();
      this.#lengths.pop();
    }
    return end;
  }

  #endCapture(at: number, p: number): number {
    const index = this.#lengths.lastIndexOf(UNFINISHED);
    if (index < 0) throw runtimeError('invalid pattern capture');
    this.#lengths[index] = at - this.#starts[index]!;
    const end = this.#match(at, p);
    if (end < 0) this.#lengths[index] = UNFINISHED;
    return end;
  }

  #matchBalance(start: number, p: number): number {
    const source = this.#source;
    if (p + 1 >= this.#pattern.length) throw runtimeError('unbalanced pattern');
    const open = this.#pattern.charCodeAt(p);
    const close = this.#pattern.charCodeAt(p + 1);
    if (source.charCodeAt(start) !== open) return -1;
    let nesting = 1;
    for (let at = start + 1; at < source.length; at++) {
      const code = source.charCodeAt(at);
      if (code === close) {
        if (--nesting === 0) return at + 1;
      } else if (code === open) nesting++;
    }
    return -1;
  }

  #matchBackReference(at: number, index: number): number {
    const length = this.#lengths[index];
    if (length === undefined || length === UNFINISHED) throw runtimeError('invalid capture index');
    const start = this.#starts[index]!;
    const text = this.#source.slice(start, start + Math.max(length, 0));
    return length >= 0 && this.#source.startsWith(text, at) ? at + length : -1;
  }
}

function malformed(why: string): LuaError {
  return runtimeError(`malformed pattern (${why})`);
}

/** Whether the text as a pattern stands for itself only. */
export function isPlainText(pattern: string): boolean {
  return !/[\^$*+?.([%-]/.test(pattern);
}

/**
 * Errors of Lua programs as JavaScript exceptions.
 *
 * Where an error stands is read from JavaScript's own stack: see stack.ts.
 */
import { captureFrames, type LuaFrame, positionOf } from './stack.ts';
import type { LuaValue } from './values.ts';

/** Raised by `error` and by the runtime; `value` is what `pcall` gives. */
export class LuaError extends Error {
  override readonly name = 'LuaError';
  readonly value: LuaValue;
  /** Where it was raised, innermost first; empty where nobody will ask. */
  readonly frames: readonly LuaFrame[];

  constructor(value: LuaValue, frames: readonly LuaFrame[]) {
    super(typeof value === 'string' ? value : 'an error object');
    this.value = value;
    this.frames = frames;
  }
}

/** Ends a fiber and cannot be caught by Lua: it was cancelled at exit, or ran longer than its limit. */
export class FiberTermination extends LuaError {}

/** A host function was used wrongly. The text begins with the caller's position if the caller is written in Lua. */
export class UsageError extends LuaError {
  constructor(message: string) {
    const frames = captureFrames();
    super(failurePosition(frames) + message, frames);
  }
}

/** A bad argument of a host function; the words for the function are those of its caller. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
  /** Counts from 1. */
  readonly argument: number;
  readonly problem: string;
  readonly frames: readonly LuaFrame[];

  constructor(argument: number, problem: string) {
    super(`bad argument #${argument} (${problem})`);
    this.argument = argument;
    this.problem = problem;
    this.frames = captureFrames();
  }

  /** As Lua's library says it; a method's own object does not count. */
  get text(): string {
    const caller = this.frames[1];
    const call = caller?.call ?? null;
    const where = positionOf(caller);
    if (call?.kind === 'method') {
      if (this.argument === 1) return `${where}calling '${call.name}' on bad self (${this.problem})`;
      return `${where}bad argument #${this.argument - 1} to '${call.name}' (${this.problem})`;
    }
    return `${where}bad argument #${this.argument} to '${call?.name ?? '?'}' (${this.problem})`;
  }
}

/**
 * An error with the position of the Lua code that failed, or that called the host function which fails; without one if a
 * host function called it.
 */
export function runtimeError(message: string): LuaError {
  const frames = captureFrames();
  return new LuaError(failurePosition(frames) + message, frames);
}

/** A text that no machine of this kind can hold. As Lua's own, without a position. */
export function memoryError(): LuaError {
  return new LuaError('not enough memory', captureFrames());
}

function failurePosition(frames: readonly LuaFrame[]): string {
  const [innermost] = frames;
  return positionOf(innermost?.chunk === null ? frames[1] : innermost);
}

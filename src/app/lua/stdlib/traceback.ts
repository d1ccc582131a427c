/** A stack as text, as `debug.traceback` prints it. */
import type { LuaFrame } from '../runtime/stack.ts';

/** Levels that are shown of a deep stack, at its top and at its end. */
const FIRST_LEVELS = 11;
const LAST_LEVELS = 10;

/** `frames[0]` is the first level shown. */
export function tracebackText(message: string | null, frames: readonly LuaFrame[]): string {
  const lines = frames.map((frame, level) => describeLevel(frame, frames[level + 1]));
  const shown =
    lines.length > FIRST_LEVELS + LAST_LEVELS
      ? [...lines.slice(0, FIRST_LEVELS), '\n\t...', ...lines.slice(-LAST_LEVELS)]
      : lines;
  return `${message === null ? '' : `${message}\n`}stack traceback:${shown.join('')}`;
}

function describeLevel(frame: LuaFrame, caller: LuaFrame | undefined): string {
  const { chunk, definition, line } = frame;
  const call = caller?.call ?? null;
  const named = call === null || call.kind === '?' ? '' : ` in function '${call.name}'`;
  if (chunk === null) return `\n\t[C]:${named === '' ? ' at 0x00000000' : named}`;
  const where = `\n\t${chunk.shortName}:${line}:`;
  if (definition === null || definition.line === 0) return `${where}${named === '' ? ' in main chunk' : named}`;
  return `${where}${named === '' ? ` in function <${chunk.shortName}:${definition.line}>` : named}`;
}

/** What could stand at the end of a line of Lua: keywords, globals, and members of the value that a path names. */
import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable } from '../runtime/table.ts';
import { LuaFunction, type LuaValue } from '../runtime/values.ts';

const PATH = /((?:[A-Za-z_]\w*[.:])*)([A-Za-z_]\w*)?$/;
const KEYWORDS = [
  ...['and', 'break', 'do', 'else', 'elseif', 'end', 'false', 'for', 'function', 'goto', 'if', 'in', 'local', 'nil'],
  ...['not', 'or', 'repeat', 'return', 'then', 'true', 'until', 'while'],
];
/** Metatables that are followed on the way to inherited members. */
const DEPTH_MAX = 8;

/** Whole paths, functions with `(`, in order; `prefix` is the end of the line that they replace. */
export function completeLua(
  line: string,
  globals: LuaTable,
  runtime: LuaRuntime,
): Readonly<{ prefix: string; words: readonly string[] }> {
  const [prefix = '', path = '', name = ''] = PATH.exec(line) ?? [];
  if (prefix === '') return { prefix: '', words: [] };
  let value: LuaValue = globals;
  for (const step of path.split(/[.:]/).slice(0, -1)) value = member(value, step, runtime);
  const onlyFunctions = path.endsWith(':');
  const words = new Set<string>();
  for (const [key, found] of members(value, runtime)) {
    if (!key.startsWith(name) || (onlyFunctions && !(found instanceof LuaFunction))) continue;
    words.add(`${path}${key}${found instanceof LuaFunction ? '(' : ''}`);
  }
  if (path === '') for (const keyword of KEYWORDS) if (keyword.startsWith(name)) words.add(keyword);
  return { prefix, words: [...words].sort() };
}

/** A member without running code: nothing that is asked for here may wait or fail. */
function member(value: LuaValue, key: string, runtime: LuaRuntime): LuaValue {
  let current = value;
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    const found = current instanceof LuaTable ? current.getString(key) : undefined;
    if (found !== undefined) return found;
    current = runtime.metatableOf(current)?.getString('__index');
    if (current === undefined) return undefined;
  }
  return undefined;
}

function* members(value: LuaValue, runtime: LuaRuntime): Generator<readonly [string, LuaValue]> {
  let current = value;
  for (let depth = 0; depth < DEPTH_MAX && current !== undefined; depth++) {
    if (current instanceof LuaTable) {
      let entry = current.next(undefined);
      while (entry !== null && entry !== undefined) {
        if (typeof entry[0] === 'string') yield [entry[0], entry[1]];
        entry = current.next(entry[0]);
      }
    }
    current = runtime.metatableOf(current)?.getString('__index');
  }
}

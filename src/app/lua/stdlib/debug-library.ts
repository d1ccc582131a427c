/**
 * Lua's `debug` library as far as compiled code can be looked into: stacks, positions and names, but not the values of
 * local variables and upvalues, which live in JavaScript's own frames. What is missing says so.
 */
import { checkFunction, checkTable } from '../runtime/arguments.ts';
import { ArgumentError, runtimeError } from '../runtime/errors.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { type ChunkInformation, captureFrames, type FunctionDefinition, type LuaFrame } from '../runtime/stack.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { toNumber } from '../runtime/types.ts';
import {
  LuaCoroutine,
  LuaFunction,
  type LuaResult,
  LuaUserdata,
  type LuaValue,
  NO_VALUES,
  plainFunction,
} from '../runtime/values.ts';
import { framesOfCoroutine } from './coroutine.ts';
import { tracebackText } from './traceback.ts';

/** Enough for any stack. */
const ALL_FRAMES = 1_000_000;

export function createDebugLibrary(runtime: LuaRuntime, globals: LuaTable): LuaTable {
  const registry = new LuaTable();
  const missing = (what: string): LuaFunction =>
    plainFunction(() => {
      throw runtimeError(`${what} is not available: functions are compiled to JavaScript`);
    });
  return tableOf({
    debug: missing('debug.debug'),
    getfenv: plainFunction((target) =>
      target instanceof LuaFunction || target instanceof LuaCoroutine ? (target.environment ?? globals) : undefined,
    ),
    gethook: plainFunction(() => [undefined, '', 0]),
    getinfo: plainFunction((...values) => information(runtime, values)),
    getlocal: plainFunction((...values) => localName(values)),
    getmetatable: plainFunction((value) => runtime.metatableOf(value) ?? undefined),
    getregistry: plainFunction(() => registry),
    getupvalue: plainFunction((...values) => upvalueName(values)),
    setfenv: plainFunction((...values) => {
      const [target] = values;
      const table = checkTable(values, 2);
      const isThread = target instanceof LuaCoroutine;
      if (!isThread && (!(target instanceof LuaFunction) || target.environment === null)) {
        throw runtimeError("'setfenv' cannot change environment of given object");
      }
      target.environment = table;
      return target;
    }),
    sethook: plainFunction(() => NO_VALUES),
    setlocal: missing('debug.setlocal'),
    setmetatable: plainFunction((...values) => setMetatable(runtime, values)),
    setupvalue: missing('debug.setupvalue'),
    sourcedir: plainFunction((...values) => directoryOf(sourceFile(values))),
    sourcefile: plainFunction((...values) => sourceFile(values) ?? undefined),
    traceback: plainFunction((...values) => traceback(runtime, values)),
    upvalueid: missing('debug.upvalueid'),
    upvaluejoin: missing('debug.upvaluejoin'),
  });
}

/** A handler of `xpcall` is called on top of the stack that failed, which has been left by then. */
function currentFrames(runtime: LuaRuntime): readonly LuaFrame[] {
  return [...captureFrames(ALL_FRAMES), ...(runtime.errorFrames ?? [])];
}

function traceback(runtime: LuaRuntime, given: readonly LuaValue[]): LuaValue {
  const coroutine = given[0] instanceof LuaCoroutine ? given[0] : null;
  const values = coroutine === null ? given : given.slice(1);
  const [message] = values;
  if (values.length > 0 && typeof message !== 'string' && typeof message !== 'number') return message;
  const isOther = coroutine !== null && coroutine !== runtime.coroutine;
  const level = Math.max(0, Math.trunc(toNumber(values[1]) ?? (isOther ? 0 : 1)));
  const frames = isOther ? framesOfCoroutine(coroutine) : currentFrames(runtime);
  return tracebackText(message === undefined ? null : String(message), frames.slice(level));
}

/** The name of the file of the function at a level above the caller's; null if it comes from no file. */
function sourceFile(values: readonly LuaValue[]): string | null {
  const frames = captureFrames();
  const frame = frames[(toNumber(values[0]) ?? 0) + 1];
  const source = frame?.chunk?.source;
  return source?.startsWith('@') === true ? source.slice(1) : null;
}

function directoryOf(file: string | null): string {
  const slash = file?.lastIndexOf('/') ?? -1;
  return file === null || slash < 0 ? '.' : file.slice(0, slash);
}

function information(runtime: LuaRuntime, given: readonly LuaValue[]): LuaResult {
  const coroutine = given[0] instanceof LuaCoroutine ? given[0] : null;
  const values = coroutine === null ? given : given.slice(1);
  const [target] = values;
  const what = typeof values[1] === 'string' ? values[1] : 'flnSu';
  const first = coroutine === null ? 1 : 2;
  if (/[^SlnufL]/.test(what.replace(/^>/, ''))) throw new ArgumentError(first + 1, 'invalid option');
  if (target instanceof LuaFunction) return functionInformation(target, what);
  const level = toNumber(target);
  if (level === undefined) throw new ArgumentError(first, 'function or level expected');
  const isOther = coroutine !== null && coroutine !== runtime.coroutine;
  const frames = isOther ? framesOfCoroutine(coroutine) : currentFrames(runtime);
  const frame = frames[Math.trunc(level)];
  if (frame === undefined) return undefined;
  return levelInformation(frame, frames[Math.trunc(level) + 1], what);
}

function levelInformation(frame: LuaFrame, caller: LuaFrame | undefined, what: string): LuaTable {
  const result = new LuaTable();
  if (what.includes('S')) addSource(result, frame.chunk, frame.definition);
  if (what.includes('l')) result.setString('currentline', frame.line);
  if (what.includes('n')) {
    const call = caller?.call ?? null;
    const isNamed = call !== null && call.kind !== '?';
    if (isNamed) result.setString('name', call.name);
    result.setString('namewhat', isNamed ? call.kind : '');
  }
  if (what.includes('u')) addCounts(result, frame.definition);
  if (what.includes('f')) result.setString('func', frame.code ?? undefined);
  if (what.includes('L') && frame.definition !== null) result.setString('activelines', activeLines(frame.definition));
  return result;
}

function functionInformation(code: LuaFunction, what: string): LuaTable {
  const result = new LuaTable();
  const { chunk, definition } = code;
  if (what.includes('S')) addSource(result, chunk, definition);
  if (what.includes('l')) result.setString('currentline', -1);
  if (what.includes('n')) result.setString('namewhat', '');
  if (what.includes('u')) addCounts(result, definition);
  if (what.includes('f')) result.setString('func', code);
  if (what.includes('L') && definition !== null) result.setString('activelines', activeLines(definition));
  return result;
}

function addSource(result: LuaTable, chunk: ChunkInformation | null, definition: FunctionDefinition | null): void {
  const isMain = definition?.line === 0;
  result.setString('source', chunk?.source ?? '=[C]');
  result.setString('short_src', chunk?.shortName ?? '[C]');
  result.setString('linedefined', definition?.line ?? -1);
  result.setString('lastlinedefined', definition?.endLine ?? -1);
  result.setString('what', chunk === null ? 'C' : isMain ? 'main' : 'Lua');
}

function addCounts(result: LuaTable, definition: FunctionDefinition | null): void {
  result.setString('nups', definition?.upvalueNames.length ?? 0);
  result.setString('nparams', definition?.parameterNames.length ?? 0);
  result.setString('isvararg', definition?.isVariadic ?? true);
}

function activeLines({ activeLines: lines }: FunctionDefinition): LuaTable {
  const table = new LuaTable();
  for (const line of lines) table.set(line, true);
  return table;
}

/** Names of a function's parameters; the variables of a level cannot be read. */
function localName(values: readonly LuaValue[]): LuaResult {
  const [target, index] = values;
  if (target instanceof LuaFunction) {
    return target.definition?.parameterNames[(toNumber(index) ?? 0) - 1];
  }
  if (captureFrames()[toNumber(target) ?? 0] === undefined) throw new ArgumentError(1, 'level out of range');
  throw runtimeError('debug.getlocal of a level is not available: functions are compiled to JavaScript');
}

/** The name of an upvalue, without its value. */
function upvalueName(values: readonly LuaValue[]): LuaResult {
  const code = checkFunction(values, 1);
  const name = code.definition?.upvalueNames[(toNumber(values[1]) ?? 0) - 1];
  return name === undefined ? NO_VALUES : [name, undefined];
}

function setMetatable(runtime: LuaRuntime, values: readonly LuaValue[]): LuaValue {
  const [value, metatable] = values;
  if (metatable !== undefined && !(metatable instanceof LuaTable)) {
    throw new ArgumentError(2, 'nil or table expected');
  }
  if (value instanceof LuaTable || value instanceof LuaUserdata) value.metatable = metatable ?? null;
  else runtime.setTypeMetatable(value, metatable ?? null);
  return true;
}

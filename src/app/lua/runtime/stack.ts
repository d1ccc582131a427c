/**
 * Lua's stack, read from JavaScript's own: compiled functions keep Lua's lines, and their scripts have names that begin
 * with SCRIPT_PREFIX. There is no second stack to keep up, so calls cost nothing for it.
 *
 * Levels are those of LuaJIT: a host function that runs is a level, a function that called another one as the last thing
 * it does is none any more, and a coroutine has a stack of its own.
 */
import { callFromHost, finishTailCalls } from './calls.ts';
import type { LuaFunction } from './values.ts';

/** A compiled chunk as stack frames name it. */
export const SCRIPT_PREFIX = 'lua-chunk:';

export type CallSite = Readonly<{
  name: string;
  kind: 'global' | 'local' | 'method' | 'field' | 'upvalue' | 'metamethod' | '?';
  /** Of the call's parenthesis. */
  line: number;
  /** The caller has nothing left to do: it is no level of the stack. */
  isTail: boolean;
}>;

export type FunctionDefinition = Readonly<{
  /** 0 for the main chunk. */
  line: number;
  endLine: number;
  name: string | null;
  parameterNames: readonly string[];
  isVariadic: boolean;
  /** Names of the variables of outer functions that it uses. */
  upvalueNames: readonly string[];
  /** Lines with code. */
  activeLines: ReadonlySet<number>;
}>;

/** What the compiler knows about a script, for messages and tracebacks. */
export type ChunkInformation = Readonly<{
  /** As messages show it: `file.lua` or `[string "..."]`. */
  shortName: string;
  /** As it was given: `@file.lua`, `=name`, or the text. */
  source: string;
  /** Names of called functions by their place in the script: `line:column`. */
  callSites: ReadonlyMap<string, CallSite>;
  /** By the names of the functions in the script. */
  definitions: ReadonlyMap<string, FunctionDefinition>;
  /** The function that entered each definition last, for chunks that ask for functions by their level. */
  entered: Record<string, LuaFunction | undefined>;
}>;

export type LuaFrame = Readonly<{
  /** Null for a function of the host. */
  chunk: ChunkInformation | null;
  /** Line in Lua's source. */
  line: number;
  /** What this frame was calling when the stack was read. */
  call: CallSite | null;
  definition: FunctionDefinition | null;
  /** The function itself where it is known. */
  code: LuaFunction | null;
}>;

/** JavaScript's frames that are read for an error's position. */
const FRAMES_MAX = 200;
const HOST_FRAME: LuaFrame = { chunk: null, line: -1, call: null, definition: null, code: null };
/** Chunks are kept by their functions. */
const chunks = new Map<string, WeakRef<ChunkInformation>>();
const forgottenChunks = new FinalizationRegistry<string>((scriptName) => chunks.delete(scriptName));

/** Makes a compiled chunk known under the name of its script, as long as there are functions of it. */
export function registerChunk(scriptName: string, information: ChunkInformation): void {
  chunks.set(scriptName, new WeakRef(information));
  forgottenChunks.register(information, scriptName);
}

/** Runs a step of another Lua stack: of a coroutine, or of a fiber. Frames outside of it are not seen from inside. */
export function onOwnStack<Result>(step: () => Result): Result {
  return step();
}

const HOST_CALL = callFromHost.name;
const STACK_BASE = onOwnStack.name;
const TAIL_CALLS = finishTailCalls.name;

/** The levels of the running stack, innermost first: a host function that asks is the first one. */
export function captureFrames(hostFramesMax = FRAMES_MAX): LuaFrame[] {
  return levelsOf(captureSites(hostFramesMax));
}

/** The same for an exception that JavaScript itself has raised; its innermost levels only. */
export function framesOfException(error: Error): LuaFrame[] {
  const { prepareStackTrace } = Error;
  Error.prepareStackTrace = (_error, sites) => sites;
  const sites: unknown = error.stack;
  Error.prepareStackTrace = prepareStackTrace;
  return Array.isArray(sites) ? levelsOf(sites as readonly NodeJS.CallSite[]) : [];
}

function levelsOf(sites: readonly NodeJS.CallSite[]): LuaFrame[] {
  const frames: LuaFrame[] = [];
  // Since the last Lua function: calls by host functions, whether there is any host code, and whether it is innermost.
  let hostCalls = 0;
  let isHost = false;
  let isInnermost = true;
  for (const site of sites) {
    const script = site.getScriptNameOrSourceURL() as string | null;
    const name = site.getFunctionName();
    if ((script === null && name === 'next') || name === TAIL_CALLS) continue;
    const chunk = script?.startsWith(SCRIPT_PREFIX) === true ? chunks.get(script!)?.deref() : undefined;
    if (chunk === undefined) {
      if (name === STACK_BASE) {
        pushHostFrames(frames, hostCalls - 1 + (isInnermost ? 1 : 0));
        return frames;
      }
      if (name === HOST_CALL) hostCalls++;
      isHost = true;
      continue;
    }
    const line = site.getLineNumber() ?? 0;
    const call = chunk.callSites.get(`${line}:${site.getColumnNumber() ?? 0}`) ?? null;
    const isCall = call !== null && call.kind !== 'metamethod';
    const inner = isInnermost ? 1 : 0;
    pushHostFrames(frames, isCall ? Math.max(hostCalls + inner, isHost ? 1 : 0) : hostCalls + inner - 1);
    hostCalls = 0;
    isHost = false;
    isInnermost = false;
    if (call?.isTail === true) continue;
    const definition = chunk.definitions.get(name ?? '') ?? null;
    frames.push({ chunk, line: call?.line ?? line, call, definition, code: chunk.entered[name ?? ''] ?? null });
  }
  return frames;
}

function pushHostFrames(frames: LuaFrame[], count: number): void {
  for (let at = 0; at < count; at++) frames.push(HOST_FRAME);
}

function captureSites(limit: number): readonly NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  Error.stackTraceLimit = limit;
  Error.prepareStackTrace = (_error, sites) => sites;
  Error.captureStackTrace(holder, captureFrames);
  const sites = holder.stack as readonly NodeJS.CallSite[];
  Error.prepareStackTrace = prepareStackTrace;
  Error.stackTraceLimit = stackTraceLimit;
  return sites;
}

/** `name:line: ` of the frame, as messages begin; nothing for a host function. */
export function positionOf(frame: LuaFrame | undefined): string {
  const chunk = frame?.chunk ?? null;
  return frame === undefined || chunk === null ? '' : `${chunk.shortName}:${frame.line}: `;
}

/** The innermost Lua function. */
export function innermostLua(frames: readonly LuaFrame[]): LuaFrame | undefined {
  return frames.find(({ chunk }) => chunk !== null);
}

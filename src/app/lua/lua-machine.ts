/** A Lua state on an Env, with its fibers: what the console, stored functions and scripts run in. */
import { byteTextOf } from '../../base/index.ts';
import type { Session } from '../../engine/box/index.ts';
import { type Env, FileError, Logger } from '../../env/index.ts';
import type { Fiber } from './fibers/fiber.ts';
import { isCancellation, unhandledErrorText } from './fibers/library/errors.ts';
import { Scheduler } from './fibers/scheduler.ts';
import { ArgumentError, LuaError, runtimeError } from './runtime/errors.ts';
import { captureFrames } from './runtime/stack.ts';
import { rawToText } from './runtime/types.ts';
import type { LuaExecution, LuaFunction, LuaResult, LuaValue } from './runtime/values.ts';
import { LuaState } from './state.ts';
import { installStandardLibraries, type StandardProcess } from './stdlib/install.ts';

/** On whose behalf a fiber works; null before there is a database. */
export type FiberSession = Session | null;
export type LuaFiber = Fiber<FiberSession>;

export type LuaMachineOptions = Readonly<{
  /** Where `print` and `io.write` go: bytes as characters. */
  writeOutput: (text: string) => void;
  /** `arg`: the script at 0, its arguments from 1 on. */
  scriptArguments: readonly string[];
  /** Milliseconds that a fiber may run without waiting; Infinity for no limit. */
  sliceLimitMs: number;
  /** Characters of a line on the screen that output goes to; null where there is none. */
  screenColumns?: () => number | null;
  /** What programs may do with the process; without it they have no input and no variables, and cannot end it. */
  process?: Readonly<Pick<StandardProcess, 'environment' | 'writeError' | 'readInput' | 'exit'>> &
    Readonly<Partial<Pick<StandardProcess, 'program'>>>;
}>;

export class LuaMachine {
  readonly env: Env;
  readonly options: LuaMachineOptions;
  readonly log: Logger;
  readonly state: LuaState;
  readonly scheduler: Scheduler<FiberSession>;
  /** Called when a fiber gives the thread away. */
  readonly onSwitch: ((fiber: LuaFiber) => void)[] = [];

  constructor(env: Env, options: LuaMachineOptions) {
    this.env = env;
    this.options = options;
    this.log = new Logger(env.log, 'lua');
    this.state = new LuaState({
      compileScript: (source, name) => env.scripts.compile(source, name),
      nowMs: () => env.clock.monotonicMs(),
      heapShare: () => {
        const { heapBytes, heapBytesMax } = env.process.memoryUsage();
        return heapBytes / heapBytesMax;
      },
      usedKilobytes: () => env.process.memoryUsage().heapBytes / 1024,
      print: (line) => options.writeOutput(`${line}\n`),
      readFile: (name) => readText(env, name),
      randomSeed: env.random.uint32(),
    });
    installStandardLibraries(this.state, env, standardProcess(options));
    this.scheduler = new Scheduler<FiberSession>({
      runtime: this.state.runtime,
      nextTurn: (callback) => env.timers.nextTurn(callback),
      after: (delayMs, callback) => env.timers.after(delayMs, callback),
      nowMs: () => env.clock.monotonicMs(),
      onSwitch: (fiber) => {
        for (const callback of this.onSwitch) callback(fiber);
      },
      onUnhandledError: (_fiber, error) => {
        if (!isCancellation(error)) this.log.error(unhandledErrorText(error));
      },
    });
  }

  /** Runs a function in a fiber of its own, at once until it waits. Rejects with what it throws. */
  run(
    name: string,
    session: FiberSession,
    code: LuaFunction,
    values: readonly LuaValue[],
    sliceLimitMs = this.options.sliceLimitMs,
  ): Promise<LuaResult> {
    return this.runExecution(name, session, this.state.runtime.call(code, values), sliceLimitMs);
  }

  runExecution(
    name: string,
    session: FiberSession,
    execution: LuaExecution,
    sliceLimitMs = this.options.sliceLimitMs,
  ): Promise<LuaResult> {
    const fiber = this.scheduler.create(name, session, execution, sliceLimitMs);
    return new Promise((resolve, reject) => {
      fiber.onEnd.push(() => {
        const { outcome } = fiber;
        if (outcome === null) return;
        if ('error' in outcome)
          reject(outcome.error instanceof Error ? outcome.error : new Error(String(outcome.error)));
        else resolve(outcome.result);
      });
      this.scheduler.start(fiber);
    });
  }

  /** Text of a program as a function. Throws LuaSyntaxError. */
  load(source: string, chunkName: string): LuaFunction {
    return this.state.loader.load(source, chunkName, this.state.globals);
  }

  /** What a user reads about an exception that left Lua. */
  errorText(error: unknown): string {
    if (error instanceof LuaError) return rawToText(error.value);
    if (error instanceof ArgumentError) return error.text;
    return error instanceof Error ? error.message : String(error);
  }
}

function standardProcess({ process, scriptArguments, writeOutput }: LuaMachineOptions): StandardProcess {
  return {
    environment: {},
    writeError: () => undefined,
    readInput: () => Promise.resolve(new Uint8Array()),
    exit: () => {
      throw runtimeError('os.exit is not available');
    },
    program: null,
    ...process,
    scriptArguments,
    writeOutput,
  };
}

/** Bytes of a file as characters. Throws FileError. */
export function readBytes(env: Env, name: string): string {
  const file = env.files.open(name, 'read');
  try {
    const bytes = new Uint8Array(file.sizeBytes());
    let length = 0;
    for (let read = -1; length < bytes.length && read !== 0; length += read) {
      read = file.read(bytes, length, bytes.length - length, length);
    }
    return byteTextOf(bytes, 0, length);
  } finally {
    file.close();
  }
}

/** The same for a program that asks for it. Throws LuaError. */
function readText(env: Env, name: string): string {
  try {
    return readBytes(env, name);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const reason = error.code === 'ENOENT' ? 'No such file or directory' : error.code;
    throw new LuaError(`cannot open ${name}: ${reason}`, captureFrames());
  }
}

/**
 * The library `console`. What a text sets (output, language, delimiter) belongs to the session on whose behalf it runs,
 * so that `console.eval` over one connection does not change another's answers.
 */
import type { Session } from '../../../engine/box/index.ts';
import { waitForPromise } from '../fibers/fiber.ts';
import type { FiberSession, LuaMachine } from '../lua-machine.ts';
import { checkFunction, checkString } from '../runtime/arguments.ts';
import { captureFrames, LuaError, runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { type LuaFunction, type LuaValue, NO_VALUES, plainFunction, suspendableFunction } from '../runtime/values.ts';
import { ConsoleSession, parseOutput } from './console-session.ts';

/** What only the surroundings can do; a function that is not there is refused by name. */
export type ConsoleDoors = Readonly<{
  /** Opens a text console at an address; gives the one it really has. Rejects with an Error. */
  listen: (address: string) => Promise<string>;
  /** A console on the terminal until the person quits. */
  start: () => Promise<void>;
}>;

/** The consoles of one Lua, by session. */
export class ConsoleSessions {
  readonly #machine: LuaMachine;
  readonly #bySession = new WeakMap<Session, ConsoleSession>();
  readonly #withoutSession: ConsoleSession;
  #defaultOutput = parseOutput('yaml');
  doors: ConsoleDoors | null = null;

  constructor(machine: LuaMachine) {
    this.#machine = machine;
    this.#withoutSession = new ConsoleSession(machine);
  }

  of(session: FiberSession): ConsoleSession {
    if (session === null) return this.#withoutSession;
    let console = this.#bySession.get(session);
    if (console === undefined) {
      console = new ConsoleSession(this.#machine);
      if (typeof this.#defaultOutput !== 'string') console.output = this.#defaultOutput;
      this.#bySession.set(session, console);
    }
    return console;
  }

  get current(): ConsoleSession {
    return this.of(this.#machine.scheduler.current?.session ?? null);
  }

  /** For sessions that come. Throws LuaError. */
  setDefaultOutput(format: string): void {
    const output = parseOutput(format);
    if (typeof output === 'string') throw runtimeError(output);
    this.#defaultOutput = output;
  }

  get defaultOutput(): ConsoleSession['output'] {
    return typeof this.#defaultOutput === 'string' ? { kind: 'yaml' } : this.#defaultOutput;
  }
}

export function createConsoleLibrary(consoles: ConsoleSessions): LuaTable {
  const library = new LuaTable();
  for (const [name, code] of Object.entries(consoleFunctions(consoles))) library.setString(name, code);
  return library;
}

function consoleFunctions(consoles: ConsoleSessions): Record<string, LuaFunction> {
  const unavailable = (name: string): LuaError =>
    new LuaError(`console.${name}() is not available here`, captureFrames());
  const hooks = new LuaTable();
  return {
    eval: suspendableFunction(function* (...values) {
      const { text } = yield* consoles.current.evaluate(checkString(values, 1));
      return text;
    }),
    delimiter: plainFunction((delimiter) => {
      const { current } = consoles;
      if (delimiter === undefined) return current.delimiter;
      if (typeof delimiter !== 'string') throw runtimeError('invalid delimiter');
      current.delimiter = delimiter;
      return NO_VALUES;
    }),
    listen: suspendableFunction(function* (address) {
      if (consoles.doors === null) throw unavailable('listen');
      return yield* waitForPromise(consoles.doors.listen(addressText(address)));
    }),
    start: suspendableFunction(function* () {
      if (consoles.doors === null) throw unavailable('start');
      yield* waitForPromise(consoles.doors.start());
      return NO_VALUES;
    }),
    connect: plainFunction(() => {
      throw runtimeError('console.connect() need existing console');
    }),
    set_default_output: plainFunction((options) => {
      const format = options instanceof LuaTable ? options.getString('fmt') : options;
      if (typeof format !== 'string') throw runtimeError('Invalid output format');
      const style = options instanceof LuaTable ? options.getString('opts') : undefined;
      consoles.setDefaultOutput(typeof style === 'string' ? `${format},${style}` : format);
      return NO_VALUES;
    }),
    get_default_output: plainFunction(() => {
      const { defaultOutput } = consoles;
      const table = new LuaTable();
      table.setString('fmt', defaultOutput.kind);
      if (defaultOutput.kind === 'lua') table.setString('opts', defaultOutput.style);
      return table;
    }),
    ac: plainFunction(() => NO_VALUES),
    eos: plainFunction(() => (consoles.current.output.kind === 'yaml' ? '\n...\n' : ';')),
    on_start: plainFunction((...values) => keepHook(hooks, 'on_start', values)),
    on_client_disconnect: plainFunction((...values) => keepHook(hooks, 'on_client_disconnect', values)),
    completion_handler: plainFunction(() => new LuaTable()),
  };
}

function keepHook(hooks: LuaTable, name: string, values: readonly LuaValue[]): LuaValue {
  const before = hooks.getString(name);
  hooks.setString(name, values[0] === undefined ? undefined : checkFunction(values, 1));
  return before;
}

/** As `console.listen` takes it: a port, host:port, a path; nothing means the usual socket. */
function addressText(address: LuaValue): string {
  if (address === undefined) return 'unix/:/tmp/tarantool-console.sock';
  const text = typeof address === 'number' ? String(address) : address;
  if (typeof text !== 'string') throw runtimeError('Usage: console.listen(uri)');
  return /^\d+$/.test(text) ? `127.0.0.1:${text}` : text;
}

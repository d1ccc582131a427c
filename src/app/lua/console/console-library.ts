/**
 * The library `console`. What a text sets (output, language, delimiter) belongs to the console that runs it, so that
 * `console.eval` over one connection does not change another's answers.
 */
import { boxError, fromByteText } from '../../../base/index.ts';
import { formatAddress } from '../../../client/index.ts';
import type { Session } from '../../../engine/box/index.ts';
import { type Address, NetworkError } from '../../../env/index.ts';
import { waitForPromise } from '../fibers/fiber.ts';
import type { FiberSession, LuaMachine } from '../lua-machine.ts';
import { addressOf, addressTable, textOfAddress } from '../network/socket-addresses.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { rawToText, typeOf } from '../runtime/types.ts';
import {
  LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import { errnoOf, errnoText } from '../system/errno.ts';
import { builtinError } from '../values/builtin-error.ts';
import { parseUri, type UriParts } from '../values/uri.ts';
import { completeLua } from './completion.ts';
import { type ConsoleHooks, ConsoleSession, parseOutput } from './console-session.ts';
import { openRemoteConsole } from './open-remote-console.ts';
import type { RemoteConsole } from './remote-console.ts';

const LIBRARY = 'box/console';
const DEFAULT_SOCKET = '/tmp/tarantool-console.sock';
const UNIX_HOST = 'unix/';
/** Where a port alone listens: whoever connects is the administrator. */
const LOOPBACK = '127.0.0.1';
const LOCAL_HOST = 'localhost';
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** A text console that listens. */
export type ConsoleListener = Readonly<{ address: Address; close: () => Promise<void> }>;

/** What only the surroundings can do; a function that is not there is refused by name. */
export type ConsoleDoors = Readonly<{
  /** Opens a text console. Rejects with NetworkError. */
  listen: (address: Address) => Promise<ConsoleListener>;
  /** A console on the terminal until the person quits; null where there is no terminal. */
  start: (() => Promise<void>) | null;
}>;

/** The consoles of one Lua. */
export class ConsoleSessions {
  readonly machine: LuaMachine;
  readonly hooks: ConsoleHooks = { onStart: null, onClientDisconnect: null, byFiber: new WeakMap() };
  readonly #bySession = new WeakMap<Session, ConsoleSession>();
  /** Of programs that run before there is a database. */
  readonly #withoutSession: ConsoleSession;
  #defaultOutput: ConsoleSession['output'] = { kind: 'yaml' };
  doors: ConsoleDoors | null = null;

  constructor(machine: LuaMachine) {
    this.machine = machine;
    this.#withoutSession = this.open();
  }

  /** A console of its own. */
  open(): ConsoleSession {
    const console = new ConsoleSession(this.machine, this.hooks);
    console.output = this.#defaultOutput;
    return console;
  }

  /** The one whose text the running fiber runs. */
  get running(): ConsoleSession | null {
    const { current } = this.machine.scheduler;
    return current === null ? null : (this.hooks.byFiber.get(current) ?? null);
  }

  /** For `console.eval`: the running one, or that of the session. */
  get current(): ConsoleSession {
    return this.running ?? this.#of(this.machine.scheduler.current?.session ?? null);
  }

  /** For consoles that come. Throws LuaError. */
  setDefaultOutput(format: string): void {
    const output = parseOutput(format);
    if (typeof output === 'string') throw builtinError(LIBRARY, 162, output);
    this.#defaultOutput = output;
  }

  get defaultOutput(): ConsoleSession['output'] {
    return this.#defaultOutput;
  }

  #of(session: FiberSession): ConsoleSession {
    if (session === null) return this.#withoutSession;
    let console = this.#bySession.get(session);
    if (console === undefined) {
      console = this.open();
      this.#bySession.set(session, console);
    }
    return console;
  }
}

export function createConsoleLibrary(consoles: ConsoleSessions): LuaTable {
  return tableOf({ ...settings(consoles), ...hooks(consoles), ...doors(consoles) });
}

function settings(consoles: ConsoleSessions): Record<string, LuaFunction> {
  const running = (line: number, name: string): ConsoleSession => {
    if (consoles.running !== null) return consoles.running;
    throw builtinError(LIBRARY, line, `console.${name}(): need existing console`);
  };
  return {
    eval: suspendableFunction(function* (text) {
      if (text === undefined) return undefined;
      if (text instanceof LuaTable) throw builtinError(LIBRARY, 369, "attempt to call method 'sub' (a nil value)");
      if (typeof text !== 'string') {
        throw builtinError(LIBRARY, 369, `attempt to index local 'line' (a ${typeOf(text)} value)`);
      }
      const answer = yield* consoles.current.evaluateHere(text);
      return answer.isQuit ? NO_VALUES : answer.text;
    }),
    delimiter: plainFunction((delimiter) => {
      const console = running(253, 'delimiter');
      if (delimiter === undefined) return console.delimiter;
      if (typeof delimiter !== 'string') throw builtinError(LIBRARY, 260, 'invalid delimiter');
      console.delimiter = delimiter;
      return NO_VALUES;
    }),
    set_default_output: plainFunction((format) => {
      if (format === undefined) throw builtinError(LIBRARY, 158, 'Nil output value passed');
      if (format instanceof LuaTable) throw builtinError(LIBRARY, 138, "attempt to call method 'match' (a nil value)");
      if (typeof format !== 'string') {
        throw builtinError(LIBRARY, 138, `attempt to index local 'value' (a ${typeOf(format)} value)`);
      }
      consoles.setDefaultOutput(format);
      return NO_VALUES;
    }),
    get_default_output: plainFunction(() => {
      const { defaultOutput } = consoles;
      const style = defaultOutput.kind === 'lua' ? defaultOutput.style : undefined;
      return tableOf({ fmt: defaultOutput.kind, opts: style });
    }),
    ac: plainFunction(() => {
      running(736, 'ac');
      return NO_VALUES;
    }),
    eos: plainFunction(() => {
      const { kind } = consoles.current.output;
      return kind === 'yaml' ? '\n...\n' : ';';
    }),
    completion_handler: plainFunction((text) => completions(consoles.machine, text)),
  };
}

/** What replaces the word, then the words that it could become; nil if there are none. */
function completions({ state }: LuaMachine, text: LuaValue): LuaResult {
  if (typeof text !== 'string') return NO_VALUES;
  const { prefix, words } = completeLua(text, state.globals, state.runtime);
  if (words.length === 0) return NO_VALUES;
  const before = text.slice(0, text.length - prefix.length);
  const whole = words.map((word) => before + word);
  return new LuaTable([commonStart(whole), ...whole]);
}

function commonStart(words: readonly string[]): string {
  const [first = '', ...others] = words;
  let length = first.length;
  for (const word of others) while (!word.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}

function hooks({ hooks: set }: ConsoleSessions): Record<string, LuaFunction> {
  const checked = (hook: LuaValue, line: number, name: string): LuaFunction | null => {
    if (hook === undefined) return null;
    if (hook instanceof LuaFunction) return hook;
    throw builtinError(LIBRARY, line, `Wrong type of ${name} hook: ${typeOf(hook)}`);
  };
  return {
    on_start: plainFunction((hook) => {
      set.onStart = checked(hook, 719, 'on_start');
      return NO_VALUES;
    }),
    on_client_disconnect: plainFunction((hook) => {
      set.onClientDisconnect = checked(hook, 727, 'on_client_disconnect');
      return NO_VALUES;
    }),
  };
}

function doors(consoles: ConsoleSessions): Record<string, LuaFunction> {
  let isStarted = false;
  return {
    start: suspendableFunction(function* () {
      if (isStarted || consoles.running !== null) throw builtinError(LIBRARY, 747, 'console is already started');
      const start = consoles.doors?.start ?? null;
      if (start === null) throw builtinError(LIBRARY, 747, 'console.start() needs a terminal');
      isStarted = true;
      try {
        yield* waitForPromise(start());
      } finally {
        isStarted = false;
      }
      return NO_VALUES;
    }),
    listen: suspendableFunction(function* (uri) {
      const parts = listenUri(uri);
      try {
        const address = addressOfUri(parts, LOOPBACK);
        if (consoles.doors === null) throw new NetworkError('EACCES', 'nobody may listen here');
        return listenerObject(yield* waitForPromise(consoles.doors.listen(address)));
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
        const place = `${parts.host ?? LOOPBACK}:${parts.service}`;
        throw builtinError(LIBRARY, 865, `failed to create server ${place}: ${errnoText(errnoOf(error.code))}`);
      }
    }),
    connect: suspendableFunction(function* (uri, options) {
      const { running, machine } = consoles;
      if (running === null) throw builtinError(LIBRARY, 769, 'console.connect() need existing console');
      const parts = uri === undefined ? null : parseUri(rawToText(uri));
      if (parts?.service === undefined) {
        throw builtinError(LIBRARY, 777, 'Usage: console.connect("[login:password@][host:]port")');
      }
      const name = `${parts.host ?? LOCAL_HOST}:${parts.service}`;
      running.connectTo(yield* openRemote(running, machine, parts, options), name);
      machine.log.info(`connected to ${fromByteText(name)}`);
      return true;
    }),
  };
}

/** Throws BoxError: NO_CONNECTION (77) if nobody is there, or why the peer refuses. */
function* openRemote(
  console: ConsoleSession,
  { env }: LuaMachine,
  parts: UriParts,
  options: LuaValue,
): Generator<object, RemoteConsole, unknown> {
  const given = options instanceof LuaTable ? (options.get('connect_timeout') ?? options.get('timeout')) : undefined;
  const connectTimeoutMs =
    typeof given === 'number' ? { connectTimeoutMs: Math.min(given * 1000, TIMEOUT_MS_MAX) } : {};
  const { login: user, password = '' } = parts;
  const login = user === undefined ? null : { user: fromByteText(user), password: fromByteText(password) };
  try {
    return yield* waitForPromise(
      openRemoteConsole(env, addressOfUri(parts, LOCAL_HOST), { login, ...connectTimeoutMs }),
    );
  } catch (error) {
    if (error instanceof NetworkError) throw boxError('NO_CONNECTION');
    yield* console.disconnect();
    throw error;
  }
}

function listenUri(uri: LuaValue): UriParts {
  if (uri === undefined) return { host: UNIX_HOST, service: DEFAULT_SOCKET };
  const parts = parseUri(rawToText(uri));
  if (parts?.service === undefined) throw builtinError(LIBRARY, 857, 'Usage: console.listen("[host:]port")');
  return parts;
}

function addressOfUri({ host, service }: UriParts, otherwise: string): Address {
  const address = addressOf(host ?? otherwise, service);
  if (address === null) throw new NetworkError('EIO', `there is no service ${service}`);
  return address;
}

/** What `console.listen` gives: enough of a socket to ask where it listens and to close it. */
function listenerObject({ address, close }: ConsoleListener): LuaTable {
  const methods = tableOf({
    name: plainFunction(() => addressTable(textOfAddress(address), true)),
    close: suspendableFunction(function* () {
      yield* waitForPromise(close());
      return true;
    }),
  });
  const object = new LuaTable();
  object.metatable = tableOf({
    __index: methods,
    __tostring: plainFunction(() => `console, aka ${formatAddress(address)}`),
  });
  return object;
}

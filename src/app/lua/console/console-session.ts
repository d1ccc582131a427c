/**
 * One administrator at a console: the language and output that were set, and the way from a text to the text of its
 * answer. The doors (a terminal, a socket, `console.eval` over iproto) share it.
 * Answers are those of Tarantool 2.6.0, byte for byte (checked by comparing sessions).
 */
import { unreachable } from '../../../base/index.ts';
import { LuaSyntaxError } from '../compiler/lexer.ts';
import type { LuaMachine } from '../lua-machine.ts';
import { waitForPromise } from '../fibers/fiber.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { allOf, isTrue, type LuaFunction, type LuaValue } from '../runtime/values.ts';
import { NULL } from '../ffi/null.ts';
import { DEFAULT_SERIALIZER_OPTIONS } from '../values/serializer-options.ts';
import { type Serializer, serializerOf } from '../values/serializer.ts';
import { encodeYaml } from '../values/yaml-encoder.ts';
import { isIncompleteLua } from './incomplete.ts';
import { formatLuaValues, type LuaOutputStyle } from './lua-output.ts';
import type { RemoteConsole } from './remote-console.ts';

export type OutputFormat = Readonly<{ kind: 'yaml' }> | Readonly<{ kind: 'lua'; style?: LuaOutputStyle }>;
export type ConsoleLanguage = 'lua' | 'sql';

/** After `isQuit` nothing more is asked for. */
export type ConsoleAnswer = Readonly<{ text: string; isQuit: boolean }>;

/** What all consoles of one Lua share. */
export type ConsoleHooks = {
  /** `console.on_start`, `console.on_client_disconnect`: called with the console's own table. */
  onStart: LuaFunction | null;
  onClientDisconnect: LuaFunction | null;
  /** The console whose text a fiber runs. */
  readonly byFiber: WeakMap<object, ConsoleSession>;
};

/** What has no form of its own is shown as `tostring` does. */
const YAML_OPTIONS = { ...DEFAULT_SERIALIZER_OPTIONS, encodeUseTostring: true };

const HELP = `To get help, see the Tarantool manual at https://tarantool.io/en/doc/
To start the interactive Tarantool tutorial, type 'tutorial()' here.

Available backslash commands:

  \\set language <language>   -- set language (lua or sql)
  \\set output <format>       -- set output format (lua[,line|block] or yaml)
  \\set delimiter <delimiter> -- set expression delimiter
  \\help                      -- show this screen
  \\quit                      -- quit interactive console
`;

const COMMAND = /^\\([A-Za-z]+)(?:[ \t]+(.*?))?[ \t]*$/s;
const SETTINGS = {
  language: ['language', 'lang', 'l'],
  output: ['output', 'o'],
  delimiter: ['delimiter', 'd', 'delim'],
};

export class ConsoleSession {
  readonly #machine: LuaMachine;
  readonly #serializer: Serializer;
  readonly #hooks: ConsoleHooks;
  /** What programs see of it: it ends when its `running` becomes false. */
  readonly #object = tableOf({ running: true });
  #remote: Readonly<{ console: RemoteConsole; name: string }> | null = null;
  output: OutputFormat = { kind: 'yaml' };
  language: ConsoleLanguage = 'lua';
  /** What ends a text beside the line; empty: the line alone. */
  delimiter = '';

  constructor(machine: LuaMachine, hooks: ConsoleHooks) {
    this.#machine = machine;
    this.#hooks = hooks;
    this.#serializer = serializerOf(machine.state.runtime);
  }

  /** Where texts run, if that is another process. */
  get remoteName(): string | null {
    return this.#remote?.name ?? null;
  }

  get remote(): RemoteConsole | null {
    return this.#remote?.console ?? null;
  }

  /** Texts run there from now on. */
  connectTo(console: RemoteConsole, name: string): void {
    this.#remote?.console.close();
    this.#remote = { console, name };
  }

  /** Tells `console.on_start` in the current fiber; whether the console goes on. */
  *start(): Generator<object, boolean, unknown> {
    const { onStart } = this.#hooks;
    if (onStart !== null) yield* this.#inside(this.#machine.state.runtime.call(onStart, [this.#object]));
    return this.#isRunning;
  }

  /** The person asks for the end: of the connection to another process, if there is one (true), or of this console. */
  *leave(): Generator<object, boolean, unknown> {
    if (this.#remote === null) return false;
    yield* this.disconnect();
    return this.#isRunning;
  }

  /** Lets go of the connection to another process. */
  close(): void {
    this.#remote?.console.close();
    this.#remote = null;
  }

  /** Runs a text in the current fiber. What it throws is in the answer, except what Lua cannot catch. */
  *evaluate(text: string): Generator<object, ConsoleAnswer, unknown> {
    const answer = yield* this.#inside(
      this.#remote === null ? this.evaluateHere(text) : this.#evaluateRemotely(this.#remote.console, text),
    );
    return this.#isRunning ? answer : { ...answer, isQuit: true };
  }

  /** The same for `console.eval`, which is no console to what it runs. */
  *evaluateHere(text: string): Generator<object, ConsoleAnswer, unknown> {
    if (text.startsWith('\\')) return yield* this.#command(text);
    if (this.language === 'sql') return this.#answer(yield* this.#callBoxExecute(text));
    try {
      const code = this.#compile(text);
      const values = allOf(yield* this.#machine.state.runtime.call(code, []));
      return this.#answer(yield* this.#format(values));
    } catch (error) {
      return this.#answer(yield* this.#formatError(this.#failureOf(error)));
    }
  }

  get #isRunning(): boolean {
    return isTrue(this.#object.getString('running'));
  }

  /** What runs in there finds this console as its own. */
  *#inside<Result>(run: Generator<object, Result, unknown>): Generator<object, Result, unknown> {
    const fiber = this.#machine.scheduler.current;
    const { byFiber } = this.#hooks;
    const outer = fiber === null ? undefined : byFiber.get(fiber);
    if (fiber !== null) byFiber.set(fiber, this);
    try {
      return yield* run;
    } finally {
      if (fiber !== null && outer === undefined) byFiber.delete(fiber);
      else if (fiber !== null && outer !== undefined) byFiber.set(fiber, outer);
    }
  }

  *#evaluateRemotely(remote: RemoteConsole, text: string): Generator<object, ConsoleAnswer, unknown> {
    try {
      const given = yield* waitForPromise(remote.evaluate(text));
      return this.#answer(given ?? (yield* this.#formatError(NULL)));
    } catch (error) {
      if (remote.isOpen) return this.#answer(yield* this.#formatError(this.#failureOf(error)));
      yield* this.disconnect();
      return this.#answer(yield* this.#formatError('Peer closed'));
    }
  }

  /** Ends the connection to another process, also one that was refused, and tells `console.on_client_disconnect`. */
  *disconnect(): Generator<object, void, unknown> {
    this.close();
    const { onClientDisconnect } = this.#hooks;
    if (onClientDisconnect === null) return;
    try {
      yield* this.#machine.state.runtime.call(onClientDisconnect, [this.#object]);
    } catch (error) {
      this.#machine.log.error(this.#machine.errorText(error));
    }
  }

  /** Whether the text is the beginning of a program that more lines could complete. */
  isIncomplete(text: string): boolean {
    return this.language === 'lua' && !text.startsWith('\\') && isIncompleteLua(text);
  }

  /** An expression, or else a program. Throws LuaSyntaxError of the program. */
  #compile(text: string): LuaFunction {
    try {
      return this.#machine.load(`return ${text}`, `return ${text}`);
    } catch (error) {
      if (!(error instanceof LuaSyntaxError)) throw error;
      return this.#machine.load(text, text);
    }
  }

  *#callBoxExecute(text: string): Generator<object, string, unknown> {
    const { state } = this.#machine;
    const box = state.globals.getString('box');
    try {
      const execute = yield* state.runtime.index(box, 'execute', "global 'box'");
      const values = allOf(yield* state.runtime.call(execute as LuaValue, [text]));
      if (values[0] === undefined && values[1] !== undefined) return yield* this.#formatError(values[1]);
      return yield* this.#format(values);
    } catch (error) {
      return yield* this.#formatError(this.#failureOf(error));
    }
  }

  /** The answer to a text that ended with what Lua could not catch. */
  failure(message: string): string {
    if (this.output.kind === 'lua') return `{error = ${formatLuaValues([message], 'line')}};`;
    const failure = new LuaTable();
    failure.setString('error', message);
    return this.#yaml([failure]);
  }

  /** A document with one item for each value. */
  #yaml(values: readonly LuaValue[]): string {
    if (values.length === 0) return '---\n...\n';
    const items = new LuaTable(values.map((value) => value ?? NULL));
    return encodeYaml(items, YAML_OPTIONS, this.#serializer);
  }

  #failureOf(error: unknown): LuaValue {
    if (error instanceof LuaSyntaxError) return error.message;
    return this.#machine.state.runtime.errorValue(error);
  }

  #answer(text: string): ConsoleAnswer {
    return { text, isQuit: false };
  }

  *#format(values: readonly LuaValue[]): Generator<object, string, unknown> {
    const { output } = this;
    switch (output.kind) {
      case 'yaml':
        return this.#yaml(values);
      case 'lua':
        return `${formatLuaValues(values, output.style ?? 'line')};`;
      default:
        return unreachable(output);
    }
  }

  *#formatError(value: LuaValue): Generator<object, string, unknown> {
    const failure = new LuaTable();
    failure.setString('error', value);
    return yield* this.#format([failure]);
  }

  *#command(text: string): Generator<object, ConsoleAnswer, unknown> {
    const [, name = '', words = ''] = COMMAND.exec(/^\\[sd]/.test(text) ? text : text.replace(/;\s*$/, '')) ?? [];
    switch (name) {
      case 'quit':
      case 'q':
        return { text: '', isQuit: true };
      case 'help':
      case 'h':
        return this.#answer(yield* this.#format([new LuaTable([HELP])]));
      case 'set':
      case 's':
        return this.#answer(yield* this.#set(words));
      default:
        return this.#answer(yield* this.#formatError(`Invalid command \\${name}. Type \\help for help.`));
    }
  }

  *#set(words: string): Generator<object, string, unknown> {
    const [parameter, value] = splitFirst(words);
    if (parameter === '') return yield* this.#formatError('Invalid set syntax, type \\help for help');
    if (SETTINGS.language.includes(parameter)) return yield* this.#setLanguage(value);
    if (SETTINGS.output.includes(parameter)) return yield* this.#setOutput(value);
    if (SETTINGS.delimiter.includes(parameter)) {
      this.delimiter = value === 'default' ? '' : value;
      return yield* this.#format([]);
    }
    return yield* this.#formatError(`Unknown parameter: ${parameter}`);
  }

  *#setLanguage(value: string): Generator<object, string, unknown> {
    if (value === '') {
      const state = new LuaTable();
      state.setString('language', this.language);
      return yield* this.#format([state]);
    }
    if (value !== 'lua' && value !== 'sql') {
      return yield* this.#formatError(`Invalid language "${value}", supported languages: lua and sql.`);
    }
    this.language = value;
    return yield* this.#format([true]);
  }

  *#setOutput(value: string): Generator<object, string, unknown> {
    const output = value === '' ? 'Specify output format: lua or yaml.' : parseOutput(value);
    if (typeof output === 'string') return yield* this.#formatError(output);
    this.output = output;
    return yield* this.#format([true]);
  }
}

/** `lua`, `lua,line`, `lua,block` or `yaml`; else what is wrong. */
export function parseOutput(value: string): OutputFormat | string {
  const [format = '', style] = value.split(',');
  if (format === 'yaml') return { kind: 'yaml' };
  if (format !== 'lua') return `Invalid format "${format}", supported languages: lua and yaml.`;
  if (style === undefined) return { kind: 'lua' };
  if (style === 'line' || style === 'block') return { kind: 'lua', style };
  return `Wrong option "${style}", expecting: line or block.`;
}

function splitFirst(words: string): readonly [string, string] {
  const match = /^(\S+)\s*(.*)$/s.exec(words.trim());
  return match === null ? ['', ''] : [match[1]!, match[2]!];
}

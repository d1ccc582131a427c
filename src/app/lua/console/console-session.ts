/**
 * One administrator at a console: the language and output that were set, and the way from a text to the text of its
 * answer. The doors (a terminal, a socket, `console.eval` over iproto) share it.
 * Answers are those of Tarantool 2.6.0, byte for byte (checked by comparing sessions).
 */
import { unreachable } from '../../../base/index.ts';
import { LuaSyntaxError } from '../compiler/lexer.ts';
import type { LuaMachine } from '../lua-machine.ts';
import { LuaTable } from '../runtime/table.ts';
import { allOf, type LuaFunction, type LuaValue } from '../runtime/values.ts';
import { NULL } from '../ffi/null.ts';
import { DEFAULT_SERIALIZER_OPTIONS } from '../values/serializer-options.ts';
import { type Serializer, serializerOf } from '../values/serializer.ts';
import { encodeYaml } from '../values/yaml-encoder.ts';
import { isIncompleteLua } from './incomplete.ts';
import { formatLuaValues, type LuaOutputStyle } from './lua-output.ts';

export type OutputFormat = Readonly<{ kind: 'yaml' }> | Readonly<{ kind: 'lua'; style: LuaOutputStyle }>;
export type ConsoleLanguage = 'lua' | 'sql';

export type ConsoleAnswer = Readonly<{ text: string; isQuit: boolean }>;

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
  output: OutputFormat = { kind: 'yaml' };
  language: ConsoleLanguage = 'lua';
  /** What ends a text beside the line; empty: the line alone. */
  delimiter = '';

  constructor(machine: LuaMachine) {
    this.#machine = machine;
    this.#serializer = serializerOf(machine.state.runtime);
  }

  /** Runs a text in the current fiber. What it throws is in the answer, except what Lua cannot catch. */
  *evaluate(text: string): Generator<object, ConsoleAnswer, unknown> {
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
        return `${formatLuaValues(values, output.style)};`;
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
    const output = parseOutput(value);
    if (typeof output === 'string') return yield* this.#formatError(output);
    this.output = output;
    return yield* this.#format([true]);
  }
}

/** `lua`, `lua,line`, `lua,block` or `yaml`; else what is wrong. */
export function parseOutput(value: string): OutputFormat | string {
  const [format = '', style = 'line'] = value.split(',');
  if (format === '') return 'Specify output format: lua or yaml.';
  if (format === 'yaml') return { kind: 'yaml' };
  if (format !== 'lua') return `Invalid format "${format}", supported languages: lua and yaml.`;
  if (style !== 'line' && style !== 'block') return `Invalid format "${value}", supported languages: lua and yaml.`;
  return { kind: 'lua', style };
}

function splitFirst(words: string): readonly [string, string] {
  const match = /^(\S+)\s*(.*)$/s.exec(words.trim());
  return match === null ? ['', ''] : [match[1]!, match[2]!];
}

/**
 * JavaScript at the console: each text is evaluated in a context of its own beside the engine.
 *
 * Guarantees: what a text wrote is as durable as promised, or its failure is told, before its result is given; an error
 * of the text ends nothing but the text. A broken invariant of the engine is not the text's and passes through.
 */
import { AssertionError, BoxError, type BoxError as Failure } from '../../base/index.ts';
import type { ConsoleAnswer } from '../../app/lua/index.ts';
import { createLocalApi, type LocalApi } from '../../app/procedures/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import type { Completion, ScriptContext, Scripts } from '../../env/index.ts';
import { completeLine } from './completion.ts';
import { consoleGlobals, HELP_TEXT, HelpText, isThenable } from './globals.ts';
import type { ConsoleLanguage } from './language.ts';
import { formatFailure, formatResult } from './yaml.ts';

export type JavaScriptOptions = Readonly<{
  box: Box;
  session: Session;
  scripts: Scripts;
  /** Prints while a text runs. */
  write: (text: string) => void;
  /** Result of `info()`. */
  information: () => unknown;
}>;

const COMMANDS = ['\\help', '\\quit', '\\set language js', '\\set language lua'];
const COMMAND_TEXT = /^\\(\w*)\s*(.*?)\s*;?$/s;

export class JavaScriptLanguage implements ConsoleLanguage {
  readonly place = null;
  readonly #box: Box;
  readonly #api: LocalApi;
  readonly #context: ScriptContext;
  readonly #globalNames: readonly string[];

  constructor({ box, session, scripts, write, information }: JavaScriptOptions) {
    this.#box = box;
    this.#api = createLocalApi(box, session);
    const print = (value: unknown): void => write(shown(value));
    const globals = consoleGlobals({ api: this.#api, information, print });
    this.#globalNames = [...Object.keys(globals), ...COMMANDS];
    this.#context = scripts.createContext(globals);
  }

  isIncomplete(text: string): boolean {
    return !text.startsWith('\\') && this.#context.isIncomplete(text);
  }

  start(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async evaluate(text: string): Promise<ConsoleAnswer> {
    const answer = text.startsWith('\\') ? command(text) : await this.#answerTo(text);
    return { text: answer ?? '', isQuit: answer === null };
  }

  async #answerTo(text: string): Promise<string> {
    try {
      const evaluated = this.#run(text);
      const value = isThenable(evaluated) ? await evaluated : evaluated;
      const failure = await this.#settleWrites();
      return failure === null ? shown(value) : formatFailure(failureText(failure));
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      if (this.#box.transactions.isActive) this.#box.transactions.rollback();
      return formatFailure(failureText(error));
    }
  }

  complete(line: string): Completion {
    const names = (): readonly string[] => [...this.#box.catalog.spaces()].map((space) => space.name);
    return completeLine(line, this.#api, this.#globalNames, names);
  }

  leave(): Promise<boolean> {
    return Promise.resolve(false);
  }

  close(): void {}

  /** `{ ... }` is an object before it is a block; `await` is what the console does anyway. */
  #run(text: string): unknown {
    const expression = text.trim().replace(/;$/, '');
    const isObject = expression.startsWith('{') && expression.endsWith('}');
    const waited = /^await\s+(.+)$/s.exec(expression)?.[1];
    const wrapped = isObject ? `(${expression}\n)` : waited === undefined ? null : `(${waited}\n)`;
    // A text that is no expression is run as it is; only its syntax can tell, so nothing has run twice.
    if (wrapped === null || !this.#context.isValid(wrapped)) return this.#context.evaluate(text);
    return this.#context.evaluate(wrapped);
  }

  async #settleWrites(): Promise<Failure | null> {
    try {
      await this.#box.transactions.whenDurable();
      return null;
    } catch (error) {
      if (error instanceof BoxError) return error;
      throw error;
    }
  }
}

/** Null for the end of the console. */
function command(text: string): string | null {
  const [, name = '', words = ''] = COMMAND_TEXT.exec(text) ?? [];
  switch (name) {
    case 'quit':
    case 'q':
      return null;
    case 'help':
    case 'h':
      return shown(HELP_TEXT);
    case 'set':
    case 's':
      return setting(words);
    default:
      return formatFailure(`Invalid command \\${name}. Type \\help for help.`);
  }
}

/** Languages that are here were set before; what comes as far as this is a question or a mistake. */
function setting(words: string): string {
  const [, language] = /^(?:language|lang|l)(?:\s+(\S+))?$/.exec(words) ?? [null, null];
  if (language === undefined) return shown('js');
  if (language === null) return formatFailure('Invalid set syntax, see \\help');
  return formatFailure(`Invalid language '${language}', supported languages: js and lua.`);
}

function shown(value: unknown): string {
  return value instanceof HelpText ? value.text : formatResult(value);
}

/** What an error of any realm says: the message, with the class of the error where that is not the engine's. */
function failureText(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  const message = String(error.message);
  const name = 'name' in error ? String(error.name) : 'Error';
  return error instanceof BoxError || name === 'Error' ? message : `${name}: ${message}`;
}

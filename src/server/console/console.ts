/**
 * The console of an instance on a terminal: reads texts of JavaScript, which may have several lines, evaluates each in a
 * context of its own beside the engine, and prints what comes out.
 *
 * Guarantees: what a text wrote is as durable as promised, or its failure is told, before its result is printed; an
 * error of the text ends nothing but the text. A broken invariant of the engine is not the text's and passes through.
 */
import { AssertionError, BoxError, type BoxError as Failure } from '../../base/index.ts';
import { createLocalApi, type LocalApi, whenDurable } from '../../app/procedures/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import type { LineEditor, ScriptContext, Scripts, Terminal } from '../../env/index.ts';
import { completeLine } from './completion.ts';
import { consoleGlobals, HELP_TEXT, HelpText, isThenable } from './globals.ts';
import { formatFailure, formatResult } from './yaml.ts';

export type ConsoleOptions = Readonly<{
  box: Box;
  scripts: Scripts;
  terminal: Terminal;
  /** Result of `info()`. */
  information: () => unknown;
}>;

const PROMPT = 'picodata> ';
const CONTINUATION = '        > ';
const COMMANDS = ['\\help', '\\quit', '\\set language js'];
const COMMAND_TEXT = /^\\(\w*)\s*(.*?)\s*;?$/s;

export class Console {
  readonly #box: Box;
  readonly #terminal: Terminal;
  readonly #session: Session;
  readonly #api: LocalApi;
  readonly #context: ScriptContext;
  readonly #globalNames: readonly string[];
  readonly #editor: LineEditor;

  /** As user admin. */
  constructor({ box, scripts, terminal, information }: ConsoleOptions) {
    this.#box = box;
    this.#terminal = terminal;
    this.#session = box.sessions.open('repl', '', box.adminSession.user);
    this.#api = createLocalApi(box, this.#session);
    const print = (value: unknown): void => this.#print(value);
    const globals = consoleGlobals({ api: this.#api, information, print });
    this.#globalNames = [...Object.keys(globals), ...COMMANDS];
    this.#context = scripts.createContext(globals);
    this.#editor = terminal.openLineEditor((line) =>
      completeLine(line, this.#api, this.#globalNames, () => spaceNames(box)),
    );
  }

  /** Resolves when the person has quit. Rejects with AssertionError. */
  async run(): Promise<void> {
    try {
      for (;;) {
        const text = await this.#readText();
        if (text === null) return;
        if (text.trim() === '') continue;
        if (!text.startsWith('\\')) await this.#evaluate(text);
        else if (this.#command(text) === 'quit') return;
      }
    } finally {
      this.#editor.close();
      this.#box.sessions.close(this.#session);
    }
  }

  /** Ends `run`, also one that waits for a line. */
  close(): void {
    this.#editor.close();
  }

  /** Lines that make a whole text; null at the end of the input. */
  async #readText(): Promise<string | null> {
    let text = '';
    for (;;) {
      const event = await this.#editor.read(text === '' ? PROMPT : CONTINUATION);
      if (event.kind === 'end') return null;
      if (event.kind === 'interrupt') {
        if (text === '' && !event.hadText) this.#terminal.writeOutput('\\quit or Ctrl-D stops the instance\n');
        text = '';
        continue;
      }
      text += text === '' ? event.text : `\n${event.text}`;
      if (text.startsWith('\\') || !this.#context.isIncomplete(text)) return text;
    }
  }

  async #evaluate(text: string): Promise<void> {
    try {
      const evaluated = this.#run(text);
      const value = isThenable(evaluated) ? await evaluated : evaluated;
      const failure = await this.#settleWrites();
      if (failure === null) this.#print(value);
      else this.#fail(failure);
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      if (this.#box.transactions.isActive) this.#box.transactions.rollback();
      this.#fail(error);
    }
  }

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
      await whenDurable(this.#box);
      return null;
    } catch (error) {
      if (error instanceof BoxError) return error;
      throw error;
    }
  }

  #command(text: string): 'quit' | 'stay' {
    const [, name = '', words = ''] = COMMAND_TEXT.exec(text) ?? [];
    switch (name) {
      case 'quit':
      case 'q':
        return 'quit';
      case 'help':
      case 'h':
        this.#print(HELP_TEXT);
        return 'stay';
      case 'set':
        this.#set(words);
        return 'stay';
      default:
        this.#terminal.writeOutput(formatFailure(`Invalid command \\${name}. Type \\help for help.`));
        return 'stay';
    }
  }

  #set(words: string): void {
    const [, language] = /^(?:language|lang|l)(?:\s+(\S+))?$/.exec(words) ?? [null, null];
    if (language === 'js') this.#print(true);
    else if (language === undefined) this.#print('js');
    else if (language === null) this.#terminal.writeOutput(formatFailure(`Invalid set syntax, see \\help`));
    else this.#terminal.writeOutput(formatFailure(`Invalid language '${language}', supported languages: js.`));
  }

  #print(value: unknown): void {
    this.#terminal.writeOutput(value instanceof HelpText ? value.text : formatResult(value));
  }

  #fail(error: unknown): void {
    this.#terminal.writeOutput(formatFailure(failureText(error)));
  }
}

/** What an error of any realm says: the message, with the class of the error where that is not the engine's. */
function failureText(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  const message = String(error.message);
  const name = 'name' in error ? String(error.name) : 'Error';
  return error instanceof BoxError || name === 'Error' ? message : `${name}: ${message}`;
}

function spaceNames(box: Box): readonly string[] {
  return [...box.catalog.spaces()].map((space) => space.name);
}

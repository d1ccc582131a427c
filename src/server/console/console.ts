/**
 * The console on a terminal: reads texts, which may have several lines, has them evaluated in the language that is set,
 * and prints the answers. The first language given is set at the beginning; `\set language NAME` changes it.
 */
import type { LineEditor, Terminal } from '../../env/index.ts';
import type { ConsoleLanguage } from './language.ts';
import { formatResult } from './yaml.ts';

export type ConsoleOptions = Readonly<{
  terminal: Terminal;
  /** By the names that `\set language` knows. */
  languages: ReadonlyMap<string, ConsoleLanguage>;
  /** What the prompt says before `> `. */
  name: string;
}>;

const SET_LANGUAGE = /^\\s(?:et)?\s+l(?:ang(?:uage)?)?(?:\s+(\S+?))?\s*;?$/;

export class Console {
  readonly #terminal: Terminal;
  readonly #languages: ReadonlyMap<string, ConsoleLanguage>;
  readonly #name: string;
  #editor: LineEditor;
  #languageName: string;
  #isClosed = false;

  constructor({ terminal, languages, name }: ConsoleOptions) {
    this.#terminal = terminal;
    this.#languages = languages;
    this.#name = name;
    [this.#languageName = ''] = languages.keys();
    this.#editor = this.#openEditor();
  }

  /** Resolves when the person has quit. Rejects if the instance cannot go on. */
  async run(): Promise<void> {
    try {
      for (let goesOn = await this.#language.start(); goesOn;) {
        const text = await this.#readText();
        if (text === null) goesOn = await this.#leave();
        else if (text.trim() !== '' && !this.#setLanguage(text)) goesOn = await this.#evaluate(text);
      }
    } finally {
      this.#editor.close();
      for (const language of this.#languages.values()) language.close();
    }
  }

  /** Ends `run`, also one that waits for a line. */
  close(): void {
    this.#isClosed = true;
    this.#editor.close();
  }

  #openEditor(): LineEditor {
    return this.#terminal.openLineEditor((line) => this.#language.complete(line));
  }

  /** Whether the console goes on. */
  async #evaluate(text: string): Promise<boolean> {
    const answer = await this.#language.evaluate(text);
    if (answer.text !== '') this.#terminal.writeOutput(answer.text.endsWith('\n') ? answer.text : `${answer.text}\n`);
    return !answer.isQuit;
  }

  /** The input has ended; a console that was elsewhere goes on here. */
  async #leave(): Promise<boolean> {
    if (this.#isClosed || !(await this.#language.leave())) return false;
    this.#editor.close();
    this.#editor = this.#openEditor();
    return true;
  }

  get #language(): ConsoleLanguage {
    return this.#languages.get(this.#languageName)!;
  }

  /** Lines that make a whole text; null at the end of the input. */
  async #readText(): Promise<string | null> {
    let text = '';
    const prompt = `${this.#language.place ?? this.#name}> `;
    const continuation = `${' '.repeat(prompt.length - 2)}> `;
    for (;;) {
      const event = await this.#editor.read(text === '' ? prompt : continuation);
      if (event.kind === 'end') return null;
      if (event.kind === 'interrupt') {
        if (text === '' && !event.hadText) this.#terminal.writeOutput('\\quit or Ctrl-D stops the instance\n');
        text = '';
        continue;
      }
      text += text === '' ? event.text : `\n${event.text}`;
      if (!this.#language.isIncomplete(text)) return text;
    }
  }

  /** Whether the text was a change of the language to one that is here; all else is the language's own business. */
  #setLanguage(text: string): boolean {
    const name = SET_LANGUAGE.exec(text)?.[1];
    if (name === undefined || !this.#languages.has(name)) return false;
    this.#languageName = name;
    this.#terminal.writeOutput(formatResult(true));
    // SQL is a setting of Lua's console: naming Lua takes it back.
    if (name === 'lua') void this.#language.evaluate('\\set language lua');
    return true;
  }
}

/** Lua at the console, and what is set with backslash commands; texts are UTF-8 outside and bytes inside. */
import { fromByteText, toByteText } from '../../base/index.ts';
import {
  completeLua,
  type ConsoleAnswer,
  type ConsoleSession,
  type LuaInstallation,
  type LuaMachine,
} from '../../app/lua/index.ts';
import type { Session } from '../../engine/box/index.ts';
import type { Completion } from '../../env/index.ts';
import type { ConsoleLanguage } from './language.ts';
import { completeRemotely } from './remote-language.ts';

export class LuaLanguage implements ConsoleLanguage {
  readonly #machine: LuaMachine;
  readonly #session: () => Session | null;
  readonly #console: ConsoleSession;

  /** `session` is on whose behalf texts run; null where there is no database. */
  constructor({ machine, consoles }: LuaInstallation, session: () => Session | null) {
    this.#machine = machine;
    this.#session = session;
    this.#console = consoles.open();
  }

  get place(): string | null {
    const { remoteName } = this.#console;
    return remoteName === null ? null : fromByteText(remoteName);
  }

  /** What must stand at the end of a text beside the line's end; empty if nothing. */
  get delimiter(): string {
    return this.#console.delimiter;
  }

  isIncomplete(text: string): boolean {
    if (this.delimiter !== '') return !text.endsWith(fromByteText(this.delimiter));
    return this.#console.isIncomplete(toByteText(text));
  }

  start(): Promise<boolean> {
    return this.#run(this.#console.start());
  }

  async evaluate(text: string): Promise<ConsoleAnswer> {
    const bytes = toByteText(text);
    const { delimiter } = this;
    const answer = await this.evaluateBytes(
      bytes.endsWith(delimiter) ? bytes.slice(0, -delimiter.length || undefined) : bytes,
    );
    return { ...answer, text: fromByteText(answer.text) };
  }

  /** The same with bytes as characters on both sides. */
  async evaluateBytes(text: string): Promise<ConsoleAnswer> {
    try {
      return await this.#run(this.#console.evaluate(text));
    } catch (error) {
      return { text: this.#console.failure(this.#machine.errorText(error)), isQuit: false };
    }
  }

  complete(line: string): Completion | Promise<Completion> {
    const { remote } = this.#console;
    if (remote !== null) return completeRemotely(remote, line);
    const { globals, runtime } = this.#machine.state;
    return completeLua(line, globals, runtime);
  }

  leave(): Promise<boolean> {
    return this.#run(this.#console.leave());
  }

  close(): void {
    this.#console.close();
  }

  /** Runs it in a fiber of its own. */
  async #run<Result>(step: Generator<object, Result, unknown>): Promise<Result> {
    const outcome: Result[] = [];
    function* run(): Generator<object, undefined, unknown> {
      outcome.push(yield* step);
      return undefined;
    }
    await this.#machine.runExecution('console', this.#session(), run());
    return outcome[0]!;
  }
}

/** Lua at the console, and what is set with backslash commands; texts are UTF-8 outside and bytes inside. */
import { fromByteText, toByteText } from '../../base/index.ts';
import {
  completeLua,
  type ConsoleSession,
  type ConsoleSessions,
  type LuaInstallation,
  type LuaMachine,
} from '../../app/lua/index.ts';
import type { Session } from '../../engine/box/index.ts';
import type { Completion } from '../../env/index.ts';
import type { ConsoleLanguage } from './language.ts';

export class LuaLanguage implements ConsoleLanguage {
  readonly #machine: LuaMachine;
  readonly #session: () => Session | null;
  readonly #consoles: ConsoleSessions;

  /** `session` is on whose behalf texts run; null where there is no database. */
  constructor({ machine, consoles }: LuaInstallation, session: () => Session | null) {
    this.#machine = machine;
    this.#session = session;
    this.#consoles = consoles;
  }

  get #console(): ConsoleSession {
    return this.#consoles.of(this.#session());
  }

  /** What must stand at the end of a text beside the line's end; empty if nothing. */
  get delimiter(): string {
    return this.#console.delimiter;
  }

  isIncomplete(text: string): boolean {
    return this.#console.isIncomplete(toByteText(text));
  }

  async evaluate(text: string): Promise<string | null> {
    return this.evaluateBytes(toByteText(text)).then((answer) => (answer === null ? null : fromByteText(answer)));
  }

  /** The same with bytes as characters on both sides. */
  async evaluateBytes(text: string): Promise<string | null> {
    let answer: string | null = null;
    const console = this.#console;
    function* run(): Generator<object, undefined, unknown> {
      const { text: given, isQuit } = yield* console.evaluate(text);
      answer = isQuit ? null : given;
      return undefined;
    }
    try {
      await this.#machine.runExecution('console', this.#session(), run());
    } catch (error) {
      return console.failure(this.#machine.errorText(error));
    }
    return answer;
  }

  complete(line: string): Completion {
    const { globals, runtime } = this.#machine.state;
    return completeLua(line, globals, runtime);
  }

  close(): void {}
}

/** A console of another process: texts are sent there, answers come back as they are to be printed. */
import { BoxError, fromByteText, toByteText } from '../../base/index.ts';
import {
  type ConsoleAnswer,
  isIncompleteLua,
  openRemoteConsole,
  type RemoteConsole,
  type RemoteLogin,
} from '../../app/lua/index.ts';
import { formatAddress } from '../../client/index.ts';
import { type Address, type Completion, type Env, NetworkError } from '../../env/index.ts';
import type { ConsoleLanguage } from './language.ts';

const QUIT = /^\\q(?:uit)?\s*;?$/;
/** The word at the end of a line, with the path in front of it. */
const LAST_WORD = /[\w.:]+$/;

export class RemoteLanguage implements ConsoleLanguage {
  readonly place = null;
  readonly #console: RemoteConsole;

  private constructor(console: RemoteConsole) {
    this.#console = console;
  }

  /** Without a login as guest. Rejects with an Error that names the address. */
  static async connect(env: Env, address: Address, login: RemoteLogin | null): Promise<RemoteLanguage> {
    try {
      return new RemoteLanguage(await openRemoteConsole(env, address, { login }));
    } catch (error) {
      throw new Error(failureText(address, error));
    }
  }

  start(): Promise<boolean> {
    return Promise.resolve(true);
  }

  isIncomplete(text: string): boolean {
    return !text.startsWith('\\') && isIncompleteLua(toByteText(text));
  }

  /** Rejects when the connection is lost. */
  async evaluate(text: string): Promise<ConsoleAnswer> {
    if (QUIT.test(text)) return { text: '', isQuit: true };
    const answer = await this.#console.evaluate(toByteText(text));
    return { text: fromByteText(answer ?? ''), isQuit: false };
  }

  complete(line: string): Promise<Completion> {
    return completeRemotely(this.#console, line);
  }

  leave(): Promise<boolean> {
    return Promise.resolve(false);
  }

  close(): void {
    this.#console.close();
  }
}

/** What could stand at the end of a line, as the other process knows it. */
export async function completeRemotely(console: RemoteConsole, line: string): Promise<Completion> {
  const [prefix = ''] = LAST_WORD.exec(line) ?? [];
  if (prefix === '') return { prefix, words: [] };
  try {
    return { prefix, words: await console.complete(prefix) };
  } catch {
    // The next text tells that the connection is lost.
    return { prefix, words: [] };
  }
}

function failureText(address: Address, error: unknown): string {
  const name = formatAddress(address);
  if (error instanceof NetworkError) return `cannot connect to ${name}: ${error.message}`;
  if (error instanceof BoxError) return `cannot log in at ${name}: ${error.message}`;
  return `${name}: ${error instanceof Error ? error.message : String(error)}`;
}

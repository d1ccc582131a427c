/**
 * A console of another process: texts go there, answers come back as they are to be printed. It is reached over iproto,
 * where `console.eval` runs the texts, or over a text console's socket. Texts are bytes as characters.
 */
import { BoxError, fromByteText, toByteText } from '../../../base/index.ts';
import { connect, formatAddress } from '../../../client/index.ts';
import { type Address, type Env, NetworkError } from '../../../env/index.ts';
import { openGreeted, TextClient } from './text-client.ts';

/** The longest that a timer takes: what a person has started may last. */
const REQUEST_TIMEOUT_MS = 2 ** 31 - 1;
const EVALUATE = "return require('console').eval(...)";
const COMPLETE = "return require('console').completion_handler(...)";

export interface RemoteConsole {
  /** False once the connection is lost. */
  readonly isOpen: boolean;
  /** Null for what has no answer. Rejects when the connection is lost. */
  evaluate(text: string): Promise<string | null>;
  /** Words that could stand in place of this one. Rejects when the connection is lost. */
  complete(word: string): Promise<readonly string[]>;
  close(): void;
}

export type RemoteLogin = Readonly<{ user: string; password: string }>;

export type RemoteOptions = Readonly<{ login: RemoteLogin | null; connectTimeoutMs?: number }>;

/**
 * Rejects with NetworkError if nobody can be reached, BoxError for a login that is refused, and Error for a peer of
 * another kind.
 */
export async function openRemoteConsole(env: Env, address: Address, options: RemoteOptions): Promise<RemoteConsole> {
  const opened = await openGreeted(env.network, address, options.connectTimeoutMs);
  if (opened.greeting.includes('(Lua console)')) return TextClient.start(opened);
  opened.stream.end();
  if (!opened.greeting.includes('(Binary)')) throw new Error('no Tarantool answers there');
  const { login, ...times } = options;
  const connection = await connect(env, {
    address,
    fetchSchema: false,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    ...login,
    ...times,
  });
  const call = async (code: string, ...words: readonly (string | number)[]): Promise<unknown> => {
    const [value] = await connection.eval(code, words);
    return value;
  };
  try {
    // Whoever may not run texts hears it now.
    await connection.eval('return true', []);
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    get isOpen() {
      return connection.state === 'active';
    },
    evaluate: async (text) => {
      const answer = await call(EVALUATE, fromByteText(text));
      return typeof answer === 'string' ? toByteText(answer) : null;
    },
    complete: async (word) => {
      const found = await call(COMPLETE, word, 0, word.length);
      return Array.isArray(found) ? found.slice(1).map(String) : [];
    },
    close: () => connection.close(),
  };
}

/** What a user reads about a failure of `openRemoteConsole`; it names the address. */
export function remoteFailureText(address: Address, error: unknown): string {
  const name = formatAddress(address);
  if (error instanceof NetworkError) return `cannot connect to ${name}: ${error.message}`;
  if (error instanceof BoxError) return `cannot log in at ${name}: ${error.message}`;
  return `${name}: ${error instanceof Error ? error.message : String(error)}`;
}

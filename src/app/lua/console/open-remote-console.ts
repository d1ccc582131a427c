/**
 * The way to a console of another process: over iproto, where `console.eval` runs the texts, or over a text console's
 * socket. What listens at the address says which of them it is.
 */
import { fromByteText, toByteText } from '../../../base/index.ts';
import { connect } from '../../../client/index.ts';
import type { Address, Env } from '../../../env/index.ts';
import type { RemoteConsole } from './remote-console.ts';
import { openGreeted, TextClient } from './text-client.ts';

/** The longest that a timer takes: what a person has started may last. */
const REQUEST_TIMEOUT_MS = 2 ** 31 - 1;
const EVALUATE = "return require('console').eval(...)";
const COMPLETE = "return require('console').completion_handler(...)";

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

/** Where a replica gets its rows from, as users write it: `[user[:password]@]host:port`, a port, or the path of a socket. */
import { boxError } from '../../base/index.ts';
import { parseAddress } from '../../client/index.ts';
import type { Address } from '../../env/index.ts';

export type ReplicationSource = Readonly<{
  address: Address;
  /** null: nobody logs in, the session is guest's. */
  user: string | null;
  password: string;
  /** As written, but for the password. */
  text: string;
}>;

/** Throws ER_CFG for what cannot be read. */
export function parseSource(uri: string): ReplicationSource {
  const at = uri.lastIndexOf('@');
  const login = at < 0 ? null : uri.slice(0, at);
  const place = uri.slice(at + 1);
  const colon = login?.indexOf(':') ?? -1;
  const user = login === null ? null : colon < 0 ? login : login.slice(0, colon);
  const password = login === null || colon < 0 ? '' : login.slice(colon + 1);
  try {
    const address = parseAddress(/^\d+$/.test(place) ? `localhost:${place}` : place);
    return { address, user, password, text: user === null ? place : `${user}@${place}` };
  } catch {
    throw boxError('CFG', 'replication', 'expected host:service or /unix.socket');
  }
}

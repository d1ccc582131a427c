/** Names of hosts, looked up as the system does it. */
import { lookup } from 'node:dns/promises';
import { NetworkError, type Resolver } from '../index.ts';

export function createResolver(): Resolver {
  return {
    async resolve(host) {
      try {
        const found = await lookup(host, { all: true, order: 'verbatim' });
        return found.map(({ address, family }) => ({ family: family === 6 ? 'IPv6' : 'IPv4', host: address }));
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        throw new NetworkError(code ?? 'ENOTFOUND', message);
      }
    },
  };
}

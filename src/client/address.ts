/** How users write where a server listens. */
import { boxError } from '../base/index.ts';
import type { Address } from '../env/index.ts';

const DEFAULT_HOST = 'localhost';
const PORT_MAX = 65535;

/**
 * `host:port`, `[IPv6]:port`, `:port` (localhost), `unix/:path`, or a path that begins with `/` or `./`.
 * Throws ILLEGAL_PARAMS.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix/:')) return { kind: 'unix', path: text.slice('unix/:'.length) };
  if (text.startsWith('/') || text.startsWith('./')) return { kind: 'unix', path: text };
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > PORT_MAX) {
    throw boxError('ILLEGAL_PARAMS', `address '${text}' must be host:port or the path of a socket`);
  }
  return { kind: 'tcp', host: match[1] ?? (match[2] || DEFAULT_HOST), port };
}

/** The address as `parseAddress` takes it. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix/:${address.path}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Addresses as the library `socket` shows and takes them. */
import type { Address } from '../../../env/index.ts';
import { type LuaTable, tableOf } from '../runtime/table.ts';
import type { LuaValue } from '../runtime/values.ts';
import { byteStringOf, textOf } from '../box/byte-strings.ts';

export type SocketFamily = 'AF_INET' | 'AF_INET6' | 'AF_UNIX';

/** Services that are known by name. */
const SERVICES: Readonly<Record<string, number>> = {
  ftp: 21,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  domain: 53,
  http: 80,
  pop3: 110,
  ntp: 123,
  imap2: 143,
  ldap: 389,
  https: 443,
};

/** The number of a port that is given as a number, as digits or as a service's name; undefined if it is none. */
export function portOf(port: LuaValue): number | undefined {
  if (typeof port === 'number') return port;
  if (typeof port !== 'string') return undefined;
  return /^\d+$/.test(port) ? Number(port) : SERVICES[port];
}

/** Host and port as the ports take them; null for what is no address. */
export function addressOf(host: LuaValue, port: LuaValue): Address | null {
  if (host === 'unix/') return { kind: 'unix', path: textOf(String(port ?? '')) };
  const number = portOf(port ?? 0);
  if (typeof host !== 'string' || number === undefined) return null;
  return { kind: 'tcp', host: host === '' || host === '*' ? '0.0.0.0' : textOf(host), port: number };
}

/** `host:port`, `[host]:port` or `unix/:path` as parts. */
export function splitAddress(text: string): Readonly<{ family: SocketFamily; host: string; port: string | number }> {
  if (text.startsWith('unix/:')) {
    const path = text.slice('unix/:'.length);
    return { family: 'AF_UNIX', host: 'unix/', port: path === '(socket)' ? '' : byteStringOf(path) };
  }
  const at = text.lastIndexOf(':');
  const host = text.slice(0, at).replace(/^\[|\]$/g, '');
  return { family: host.includes(':') ? 'AF_INET6' : 'AF_INET', host, port: Number(text.slice(at + 1)) };
}

export function textOfAddress(address: Address): string {
  if (address.kind === 'unix') return `unix/:${address.path}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** The table that `name`, `peer` and `accept` give. */
export function addressTable(text: string, isWhole: boolean): LuaTable {
  const { family, host, port } = splitAddress(text);
  const table = tableOf({ host, family, port });
  if (!isWhole) return table;
  table.setString('type', 'SOCK_STREAM');
  table.setString('protocol', family === 'AF_UNIX' ? 0 : 'tcp');
  return table;
}

/** The library `uri`: addresses as Tarantool writes them, from a bare port to a full URL. */
import { LuaTable } from '../runtime/table.ts';
import { isTrue, type LuaValue, plainFunction } from '../runtime/values.ts';
import { builtinError } from './builtin-error.ts';

export type UriParts = Readonly<
  Partial<
    Record<
      'scheme' | 'login' | 'password' | 'host' | 'ipv4' | 'ipv6' | 'unix' | 'service' | 'path' | 'query' | 'fragment',
      string
    >
  >
>;

const UNIX_HOST = 'unix/';
const NAME = "[\\w.~%!$&'()*+,;=-]";
const USER = `(?:(?<login>${NAME}+)(?::(?<password>${NAME}*))?@)?`;
const UNIX = new RegExp(`^${USER}unix/:(?<path>\\.{0,2}/.*)$`, 's');
const GENERAL = new RegExp(
  `^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?${USER}` +
    `(?:(?<ipv4>\\d{1,3}(?:\\.\\d{1,3}){3}(?![\\w.-]))|\\[(?<ipv6>[0-9A-Fa-f:.]+)\\]|(?<host>${NAME}+))` +
    `(?::(?<service>[A-Za-z0-9._-]*))?(?<path>/[^?#\\s]*)?(?:\\?(?<query>[^#\\s]*))?(?:#(?<fragment>\\S*))?$`,
);
/** A scheme with nothing but a path behind it. */
const SCHEME_AND_PATH = /^(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?<path>\/\/[^?#\s]*)$/;

/** The parts of an address, null if it is none. */
export function parseUri(text: string): UriParts | null {
  if (/^\d+$/.test(text)) return { service: text };
  if (text.startsWith('/')) return { host: UNIX_HOST, service: text, unix: text };
  const unix = UNIX.exec(text)?.groups;
  if (unix !== undefined) {
    const { login, password, path = '' } = unix;
    return present({ login, password, host: UNIX_HOST, service: path, unix: path });
  }
  const bare = SCHEME_AND_PATH.exec(text)?.groups;
  const general = GENERAL.exec(text)?.groups;
  if (general !== undefined && (general['scheme'] !== undefined || bare === undefined)) {
    const { ipv4, ipv6, service, ...rest } = general;
    const named = service === '' ? undefined : service;
    return present({ ...rest, ipv4, ipv6, service: named, host: ipv4 ?? ipv6 ?? general['host'] });
  }
  return bare === undefined ? null : present({ scheme: bare['scheme'], host: bare['scheme'], path: bare['path'] });
}

function present(parts: Readonly<Record<string, string | undefined>>): UriParts {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

/** The address of its parts; the user's name and the service count only with a host. */
export function formatUri(parts: UriParts, withPassword: boolean): string {
  const { scheme, login, password, host, service, path, query, fragment } = parts;
  let text = scheme === undefined ? '' : `${scheme}://`;
  if (host !== undefined) {
    if (login !== undefined) text += `${login}${withPassword && password !== undefined ? `:${password}` : ''}@`;
    text += host + (service === undefined ? '' : `:${service}`);
  }
  if (path !== undefined) text += path.startsWith('/') ? path : `/${path}`;
  if (query !== undefined) text += `?${query}`;
  return fragment === undefined ? text : `${text}#${fragment}`;
}

const PART_NAMES = ['scheme', 'login', 'password', 'host', 'service', 'path', 'query', 'fragment'] as const;

export function createUriLibrary(): LuaTable {
  const library = new LuaTable();
  library.setString(
    'parse',
    plainFunction((text) => {
      if (text === undefined) throw builtinError('uri', 38, 'Usage: uri.parse(string)');
      if (typeof text !== 'string') {
        const type = text instanceof LuaTable ? 'table' : typeof text;
        throw builtinError('uri', 41, `bad argument #2 to 'uri_parse' (cannot convert '${type}' to 'const char *')`);
      }
      const parts = parseUri(text);
      if (parts === null) return undefined;
      const table = new LuaTable();
      for (const [name, value] of Object.entries(parts)) table.setString(name, value);
      return table;
    }),
  );
  library.setString(
    'format',
    plainFunction((uri, withPassword) => formatUri(partsOf(uri), isTrue(withPassword))),
  );
  return library;
}

function partsOf(uri: LuaValue): UriParts {
  if (uri === undefined) throw builtinError('uri', 63, "attempt to index local 'uri' (a nil value)");
  if (!(uri instanceof LuaTable)) return {};
  return present(
    Object.fromEntries(
      PART_NAMES.map((name) => {
        const value = uri.getString(name);
        return [name, value === undefined ? undefined : String(value)];
      }),
    ),
  );
}

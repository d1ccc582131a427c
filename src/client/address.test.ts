/** Addresses as users write them. */
import { expect, test } from 'vitest';
import type { Address } from '../env/index.ts';
import { formatAddress, parseAddress } from './address.ts';

const tcp = (host: string, port: number): Address => ({ kind: 'tcp', host, port });
const unix = (path: string): Address => ({ kind: 'unix', path });

test.each([
  ['localhost:3301', tcp('localhost', 3301), 'localhost:3301'],
  [':3302', tcp('localhost', 3302), 'localhost:3302'],
  ['10.0.0.1:65535', tcp('10.0.0.1', 65535), '10.0.0.1:65535'],
  ['[::1]:3301', tcp('::1', 3301), '[::1]:3301'],
  ['unix/:./a.sock', unix('./a.sock'), 'unix/:./a.sock'],
  ['/run/a.sock', unix('/run/a.sock'), 'unix/:/run/a.sock'],
])('%s', (text, address, formatted) => {
  expect(parseAddress(text)).toEqual(address);
  expect(formatAddress(address)).toBe(formatted);
});

test.each(['', 'localhost', 'localhost:', 'localhost:65536', 'a:b:1', '::1:3301', 'host:12x'])('refuses %j', (text) => {
  expect(() => parseAddress(text)).toThrow('must be host:port or the path of a socket');
});

import { describe, expect, it } from 'vitest';
import { boxError } from '../../base/index.ts';
import { parseSource } from './source.ts';

const tcp = (host: string, port: number): object => ({ kind: 'tcp', host, port });

describe('a source', () => {
  it.each([
    ['localhost:3301', tcp('localhost', 3301), null, '', 'localhost:3301'],
    ['3301', tcp('localhost', 3301), null, '', '3301'],
    ['replicator@host:3301', tcp('host', 3301), 'replicator', '', 'replicator@host:3301'],
    ['replicator:secret@host:3301', tcp('host', 3301), 'replicator', 'secret', 'replicator@host:3301'],
    ['replicator:@host:3301', tcp('host', 3301), 'replicator', '', 'replicator@host:3301'],
    ['user:p@ss:word@host:3301', tcp('host', 3301), 'user', 'p@ss:word', 'user@host:3301'],
    ['/tmp/a.sock', { kind: 'unix', path: '/tmp/a.sock' }, null, '', '/tmp/a.sock'],
    ['user:secret@/tmp/a.sock', { kind: 'unix', path: '/tmp/a.sock' }, 'user', 'secret', 'user@/tmp/a.sock'],
  ])('%s is read, and its text has no password', (uri, address, user, password, text) => {
    expect(parseSource(uri)).toEqual({ address, user, password, text });
  });

  it.each(['', 'host:', 'host:port', 'user:secret@', 'host:70000'])('%j is refused, without its password', (uri) => {
    expect(() => parseSource(uri)).toThrow(boxError('CFG', 'replication', 'expected host:service or /unix.socket'));
  });
});

import { describe, expect, it } from 'vitest';
import { BoxError, boxError, type ErrorName } from '../../base/index.ts';
import { isFatal, isGap, statusAfter } from './failures.ts';

/** Every argument that any of the texts has. */
const error = (name: ErrorName): BoxError => boxError(name, 'a', 'b', 'c', 'd');

describe('a failure of replication', () => {
  it.each<ErrorName>(['NO_CONNECTION', 'TIMEOUT', 'SYSTEM', 'WAL_IO', 'MEMORY_ISSUE'])(
    'by %s is a lost connection, which is made anew',
    (name) => {
      expect([isFatal(error(name)), statusAfter(error(name))]).toEqual([false, 'disconnected']);
    },
  );

  it.each<ErrorName>([
    'LOADING',
    'CFG',
    'ACCESS_DENIED',
    'NO_SUCH_USER',
    'PASSWORD_MISMATCH',
    'SYNC_QUORUM_TIMEOUT',
    'SYNC_ROLLBACK',
    'READONLY',
    'TOO_EARLY_SUBSCRIBE',
    'REPLICA_NOT_ANON',
  ])('by %s is a master that is not ready, and is asked again', (name) => {
    expect([isFatal(error(name)), statusAfter(error(name))]).toEqual([false, 'loading']);
  });

  it.each<ErrorName>([
    'TUPLE_FOUND',
    'UNKNOWN_REPLICA',
    'REPLICASET_UUID_MISMATCH',
    'XLOG_GAP',
    'PROTOCOL',
    'INVALID_MSGPACK',
    'UNSUPPORTED',
    'SPLIT_BRAIN',
    'SYNC_MASTER_MISMATCH',
    'NO_SUCH_SPACE',
  ])('by %s is one that no retry mends', (name) => {
    expect([isFatal(error(name)), statusAfter(error(name))]).toEqual([true, 'stopped']);
  });

  it('is none when the master is the instance itself', () => {
    expect(statusAfter(error('CONNECTION_TO_SELF'))).toBe('off');
  });

  it('is a gap by its type, or by what servers of 2.6 say', () => {
    const text = 'Missing .xlog file between LSN 5 {1: 5} and 10 {1: 10}';
    expect(isGap(new BoxError(32, text))).toBe(true);
    expect(isGap(new BoxError(100, 'anything', { type: 'XlogGapError' }))).toBe(true);
    expect(isGap(new BoxError(32, 'another error of a procedure'))).toBe(false);
    expect(isGap(new BoxError(5, text))).toBe(false);
  });
});

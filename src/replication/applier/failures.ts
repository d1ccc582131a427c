/** Which failures of replication pass, and how an upstream shows them. */
import { type BoxError, boxError } from '../../base/index.ts';

/** As `box.info.replication` names the states of an upstream. */
export type UpstreamStatus =
  | 'off'
  | 'connect'
  | 'connected'
  | 'auth'
  | 'ready'
  | 'initial_join'
  | 'final_join'
  | 'joined'
  | 'fetch_snapshot'
  | 'fetched_snapshot'
  | 'register'
  | 'registered'
  | 'sync'
  | 'follow'
  | 'stopped'
  | 'disconnected'
  | 'loading';

const codeOf = (name: Parameters<typeof boxError>[0]): number => boxError(name).code;

/** The way to the master is broken, or something around either end is. */
const DISCONNECTED: ReadonlySet<number> = new Set(
  (['NO_CONNECTION', 'TIMEOUT', 'SYSTEM', 'WAL_IO', 'MEMORY_ISSUE'] as const).map(codeOf),
);

/** The master will be ready, or configured as it should be, some time. */
const NOT_READY: ReadonlySet<number> = new Set(
  (
    [
      'LOADING',
      'CFG',
      'ACCESS_DENIED',
      'NO_SUCH_USER',
      'PASSWORD_MISMATCH',
      'SYNC_QUORUM_TIMEOUT',
      'SYNC_ROLLBACK',
      'READONLY',
      'TOO_EARLY_SUBSCRIBE',
    ] as const
  ).map(codeOf),
);

/** The connection leads to the instance itself: there is nothing to do, and nothing wrong. */
const SELF = codeOf('CONNECTION_TO_SELF');

/** Whether trying again would not help. */
export function isFatal(error: BoxError): boolean {
  return !DISCONNECTED.has(error.code) && !NOT_READY.has(error.code);
}

export function statusAfter(error: BoxError): UpstreamStatus {
  if (error.code === SELF) return 'off';
  if (DISCONNECTED.has(error.code)) return 'disconnected';
  return NOT_READY.has(error.code) ? 'loading' : 'stopped';
}

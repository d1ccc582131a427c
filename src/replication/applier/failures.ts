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

/** Code that servers of 2.6 give to errors which are no requests' own. */
const ER_PROC_LUA = 32;

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
      // The answer to an earlier REGISTER was lost: the next session goes on behind it.
      'REPLICA_NOT_ANON',
    ] as const
  ).map(codeOf),
);

/** The connection leads to the instance itself: there is nothing to do, and nothing wrong. */
const SELF = codeOf('CONNECTION_TO_SELF');

/** Whether the master has not got the rows any more that come next. Servers before 2.10 give no type. */
export function isGap({ code, message, type }: BoxError): boolean {
  return type === 'XlogGapError' || (code === ER_PROC_LUA && message.startsWith('Missing .xlog file'));
}

const TUPLE_FOUND = codeOf('TUPLE_FOUND');

/** Whether trying again would not help. */
export function isFatal(error: BoxError): boolean {
  return !DISCONNECTED.has(error.code) && !NOT_READY.has(error.code);
}

const ROLLBACKS: ReadonlySet<number> = new Set((['SYNC_ROLLBACK', 'SYNC_QUORUM_TIMEOUT'] as const).map(codeOf));

/** Whether the transaction was undone because the replica set decided so: it has been received all the same. */
export function isDecided(error: BoxError): boolean {
  return ROLLBACKS.has(error.code);
}

/** What an administrator should know beside the message, as the end of a line of the log. */
export function adviceAbout({ code, message }: BoxError): string {
  return code === TUPLE_FOUND && message.endsWith("in space '_cluster'")
    ? '; two servers have made members at once: newcomers should all be given the same list of masters'
    : '';
}

export function statusAfter(error: BoxError): UpstreamStatus {
  if (error.code === SELF) return 'off';
  if (DISCONNECTED.has(error.code)) return 'disconnected';
  return NOT_READY.has(error.code) ? 'loading' : 'stopped';
}

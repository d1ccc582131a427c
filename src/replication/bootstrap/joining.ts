/**
 * The replica's side of JOIN and FETCH_SNAPSHOT: the master's state, then the log from there to the own registration, into
 * an engine that has nothing yet.
 */
import { boxError } from '../../base/index.ts';
import { decodeVclockAnswer, encodeFetchSnapshot, encodeJoin, REQUEST_TYPE } from '../../codec/iproto/index.ts';
import { RowReader, type Vclock } from '../../codec/xlog/index.ts';
import type { RowApplier } from '../../engine/checkpoint/index.ts';
import type { Env } from '../../env/index.ts';
import { readRow, SPOKEN_VERSION } from '../applier/applier.ts';
import type { MasterSession } from '../applier/master-session.ts';
import { TransactionAssembler } from '../applier/transaction-assembler.ts';

export type JoinStage = 'initial_join' | 'final_join' | 'joined' | 'fetch_snapshot' | 'fetched_snapshot';

/** A master may wait for others before it gives its state, and when it registers a replica; then rows flow. */
const JOIN_SILENCE_MS_MAX = 60_000;

export type JoinHandlers = Readonly<{
  onStage: (stage: JoinStage) => void;
  /** Rows have come: the engine is not empty any more. */
  onRows: () => void;
}>;

/**
 * Gets the data over the session, which is free for other requests afterwards. Resolves with the state that the engine
 * has then. Rejects with the master's error, that of a row that cannot be applied, or that of the connection.
 */
export async function getData(
  env: Env,
  session: MasterSession,
  instanceUuid: string | null,
  applier: RowApplier,
  handlers: JoinHandlers,
): Promise<Vclock> {
  const stopWatching = session.watchSilence(JOIN_SILENCE_MS_MAX);
  try {
    return await receive(env, session, instanceUuid, applier, handlers);
  } finally {
    stopWatching();
  }
}

async function receive(
  env: Env,
  session: MasterSession,
  instanceUuid: string | null,
  applier: RowApplier,
  handlers: JoinHandlers,
): Promise<Vclock> {
  const isAnonymous = instanceUuid === null;
  handlers.onStage(isAnonymous ? 'fetch_snapshot' : 'initial_join');
  if (instanceUuid === null) session.send((writer) => encodeFetchSnapshot(writer, { sync: 0 }, SPOKEN_VERSION));
  else session.send((writer) => encodeJoin(writer, { sync: 0 }, instanceUuid, SPOKEN_VERSION));
  const row = new RowReader();
  const first = await session.streamHead(null);
  readRow(row, first, 0, first.length);
  const vclock = [...(decodeVclockAnswer(first, row.bodyStart, first.length) ?? [])];
  handlers.onRows();
  await snapshotStage(session, row, applier);
  // What has arrived of the next stage waits while indexes are built.
  for (const _step of applier.finishSnapshot()) await new Promise<void>((resolve) => env.timers.nextTurn(resolve));
  if (isAnonymous) {
    session.handle(null);
    session.release();
    handlers.onStage('fetched_snapshot');
    return vclock;
  }
  handlers.onStage('final_join');
  await logStage(session, row, applier, vclock);
  handlers.onStage('joined');
  return vclock;
}

/** Ends with the session held. */
function snapshotStage(session: MasterSession, row: RowReader, applier: RowApplier): Promise<void> {
  return new Promise((resolve, reject) => {
    void session.lost.then(reject);
    session.handle((bytes, start, end) => {
      readRow(row, bytes, start, end);
      if (row.type === REQUEST_TYPE.joinMeta || row.type === REQUEST_TYPE.joinSnapshot) return;
      if (row.type !== REQUEST_TYPE.ok) {
        applier.applySnapshotRow(row);
        return;
      }
      session.hold();
      resolve();
    });
    session.release();
  });
}

function logStage(session: MasterSession, row: RowReader, applier: RowApplier, vclock: number[]): Promise<void> {
  const rows = new RowReader();
  const assembler = new TransactionAssembler((bytes, start, end) => {
    rows.reset(bytes, start, end);
    while (rows.next() === 'row') {
      while (vclock.length <= rows.replicaId) vclock.push(0);
      if (rows.lsn <= vclock[rows.replicaId]!) throw boxError('PROTOCOL', 'rows of a join go back');
      vclock[rows.replicaId] = rows.lsn;
      applier.applyLogRow(rows);
    }
  });
  return new Promise((resolve, reject) => {
    void session.lost.then(reject);
    session.handle((bytes, start, end) => {
      readRow(row, bytes, start, end);
      if (row.type !== REQUEST_TYPE.ok) {
        assembler.add(row);
        return;
      }
      session.handle(null);
      resolve();
    });
    session.release();
  });
}

/**
 * The lines about replication, each measured on a replica set that is started for it: how fast a replica catches up and
 * joins, what replicas cost their master, and how far behind they are. Members, load and what is looked at are the same
 * on both sides.
 */
import { performance } from 'node:perf_hooks';
import type { Value } from '../../src/codec/msgpack/index.ts';
import { type Control, PLAIN_SPACE } from '../control.ts';
import { type Goal, loadLine } from '../lines.ts';
import { FIRST_KEY } from '../requests.ts';
import type { LoadRunner } from '../runner.ts';
import { type MemberKind, ReplicaSet } from './replica-set.ts';

export type Measurement = Readonly<{ value: number; note: string }>;

export type ReplicationLine = Readonly<{
  name: string;
  unit: string;
  goal: Goal;
  /** On a set of its own; `rows` is how many there are to bring over. */
  measure: (kind: MemberKind, runner: LoadRunner, rows: number) => Promise<Measurement>;
}>;

const TRANSACTION_ROWS = 100;
const REPLICAS = 3;
const LOAD_SECONDS = 1;
const LAG_WRITES_PER_SECOND = 20_000;
const LAG_SECONDS = 4;
const LAG_WARMUP_SECONDS = 2;

export const REPLICATION_LINES: readonly ReplicationLine[] = [
  { name: 'replication-catch-up', unit: 'rows/s', goal: { atLeast: 1 }, measure: catchUp },
  { name: 'replication-catch-up-single', unit: 'rows/s', goal: { atLeast: 1 }, measure: catchUpSingle },
  { name: 'replication-join', unit: 's', goal: { atMost: 1.2 }, measure: joinSeconds },
  { name: 'replication-write-share', unit: 'share', goal: { atLeast: 1 }, measure: writeShare },
  { name: 'replication-lag', unit: 'ms, p99', goal: { oursBelow: 20 }, measure: lag },
];

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

function secondsSince(startMs: number): number {
  return (performance.now() - startMs) / 1000;
}

/** A replica catches up with transactions of many rows. */
function catchUp(kind: MemberKind, _runner: LoadRunner, rows: number): Promise<Measurement> {
  const write = async ({ master }: ReplicaSet): Promise<void> => {
    const call = (control: Control): Promise<Value> =>
      control.call('write_rows', PLAIN_SPACE, FIRST_KEY, rows, TRANSACTION_ROWS);
    await master.withControl(call);
  };
  return catchUpWith(kind, rows, write);
}

/** A replica catches up with transactions of one row, which is where Tarantool 2.6.0 does much worse. */
function catchUpSingle(kind: MemberKind, runner: LoadRunner, rows: number): Promise<Measurement> {
  return catchUpWith(kind, rows, ({ master }) => runner.load(master, PLAIN_SPACE, 2, rows));
}

/** Rows per second from the start of a replica that was away while rows were written until it has them. */
function catchUpWith(
  kind: MemberKind,
  rows: number,
  write: (set: ReplicaSet) => Promise<unknown>,
): Promise<Measurement> {
  return ReplicaSet.with(kind, async (set) => {
    await set.master.withControl((control) => control.createPlainSpace());
    const replica = await set.addReplica();
    await replica.stop();
    await write(set);
    const startMs = performance.now();
    replica.launch();
    await set.caughtUp(replica);
    const seconds = secondsSince(startMs);
    await set.expectRows(PLAIN_SPACE, rows);
    return { value: rows / seconds, note: `${seconds.toFixed(2)} s` };
  });
}

/** Seconds from the start of a replica without data until it follows. */
function joinSeconds(kind: MemberKind, runner: LoadRunner, rows: number): Promise<Measurement> {
  return ReplicaSet.with(kind, async (set) => {
    await set.master.withControl((control) => control.createPlainSpace());
    await runner.load(set.master, PLAIN_SPACE, 2, rows);
    await set.master.withControl((control) => control.call('take_snapshot'));
    const startMs = performance.now();
    await set.addReplica();
    const seconds = secondsSince(startMs);
    await set.expectRows(PLAIN_SPACE, rows);
    return { value: seconds, note: `${whole(rows)} tuples` };
  });
}

/** The part of its write throughput that a master keeps with replicas that follow. */
function writeShare(kind: MemberKind, runner: LoadRunner, rows: number): Promise<Measurement> {
  return ReplicaSet.with(kind, async (set) => {
    const line = loadLine('replace-4x1000');
    const rate = async (): Promise<number> => {
      const { operations, seconds } = await runner.line(set.master, line, rows, LOAD_SECONDS);
      return operations / seconds;
    };
    await set.master.withControl((control) => control.createPlainSpace());
    await runner.load(set.master, PLAIN_SPACE, 2, rows);
    await rate();
    const alone = await rate();
    for (let count = 0; count < REPLICAS; count++) await set.addReplica();
    const followed = await rate();
    const startMs = performance.now();
    for (const replica of set.replicas) await set.caughtUp(replica);
    const behind = secondsSince(startMs);
    await set.expectRows(PLAIN_SPACE, rows);
    const note = `${whole(alone)} to ${whole(followed)} replaces/s, level ${behind.toFixed(1)} s later`;
    return { value: followed / alone, note };
  });
}

/** Milliseconds from the sending of a write to the master until a reader of the replica sees it. */
function lag(kind: MemberKind, runner: LoadRunner): Promise<Measurement> {
  return ReplicaSet.with(kind, async (set) => {
    await set.master.withControl((control) => control.createPlainSpace());
    const replica = await set.addReplica();
    const { p50Ms, p99Ms, maxMs, writesPerSecond } = await runner.lag({
      masterPort: set.master.port,
      replicaPort: replica.port,
      spaceId: PLAIN_SPACE,
      writesPerSecond: LAG_WRITES_PER_SECOND,
      warmupSeconds: LAG_WARMUP_SECONDS,
      seconds: LAG_SECONDS,
    });
    const note = `p50 ${p50Ms.toFixed(1)}, most ${maxMs.toFixed(0)} at ${whole(writesPerSecond)} writes/s`;
    return { value: p99Ms, note };
  });
}

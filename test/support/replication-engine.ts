/**
 * What tests of replication share: time that passes when it is told to, and an engine with members, spaces and a log whose
 * batches are written, or fail, when the test says so.
 */
import { SimulatedWorld } from '../../sim/env/index.ts';
import { type BoxError, ByteWriter, defined } from '../../src/base/index.ts';
import { decodeValue, encodeToBytes, encodeValue, type Value } from '../../src/codec/msgpack/index.ts';
import { ROW_FLAG, RowReader, type Vclock, writeRowHeader } from '../../src/codec/xlog/index.ts';
import { AccessControl, SchemaAccess, UserRegistry } from '../../src/engine/access/index.ts';
import { Arena, NO_ADDRESS, ReadViews } from '../../src/engine/arena/index.ts';
import { Box, resultBytes } from '../../src/engine/box/index.ts';
import { bootstrapRows, Catalog } from '../../src/engine/catalog/index.ts';
import type { SpaceMemory } from '../../src/engine/memtx/index.ts';
import { type CommitBatch, RecoveryJournal, TransactionManager } from '../../src/engine/txn/index.ts';
import { asLogRequest, LogClient, type LogRequest } from '../../src/engine/wal/index.ts';
import { type Env, Logger, type TimerHandle, type Timers } from '../../src/env/index.ts';
import { Members } from '../../src/replication/members.ts';

export const OWN_UUID = '00000000-0000-0000-0000-000000000001';
export const REPLICASET_UUID = '99999999-8888-4777-8666-555555555555';
/** Seconds since the Unix epoch at the start. */
export const START_SECONDS = 1_600_000_000;

export const SPACE = { plain: 512, sync: 513, local: 514, temporary: 515 } as const;
export const TYPE = { insert: 2, replace: 3, delete: 5, nop: 12, raft: 30, promote: 31, confirm: 40, rollback: 41 };

const MEMORY_BYTES = 32 * 1024 * 1024;
const ALL = 2;

type Timer = { readonly dueMs: number; readonly run: () => void; isCancelled: boolean };

/** A clock and timers that move when the test moves them. */
export class ManualTime {
  nowMs = 0;
  #timers: Timer[] = [];
  #endOfTurn: (() => void)[] = [];

  readonly timers: Timers = {
    after: (delayMs, run) => this.#after(delayMs, run),
    every: (periodMs, run) => {
      let handle: TimerHandle = { cancel: () => undefined };
      const again = (): void => {
        handle = this.#after(periodMs, () => {
          again();
          run();
        });
      };
      again();
      return { cancel: () => handle.cancel() };
    },
    endOfTurn: (callback) => void this.#endOfTurn.push(callback),
    nextTurn: (callback) => void this.#endOfTurn.push(callback),
    sleep: (delayMs) => new Promise((resolve) => void this.#after(delayMs, resolve)),
  };

  /** Timers that would still fire. */
  get pending(): number {
    return this.#timers.filter(({ isCancelled }) => !isCancelled).length;
  }

  endTurn(): void {
    for (let run = this.#endOfTurn.shift(); run !== undefined; run = this.#endOfTurn.shift()) run();
  }

  /** Lets the time pass; what is due happens on the way, each thing in a turn of its own. */
  pass(durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    for (;;) {
      this.#timers = this.#timers.filter(({ isCancelled }) => !isCancelled).sort((a, b) => a.dueMs - b.dueMs);
      const next = this.#timers[0];
      if (next === undefined || next.dueMs > untilMs) break;
      this.#timers.shift();
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.run();
      this.endTurn();
    }
    this.nowMs = untilMs;
  }

  #after(delayMs: number, run: () => void): TimerHandle {
    const timer = { dueMs: this.nowMs + delayMs, run, isCancelled: false };
    this.#timers.push(timer);
    return {
      cancel: () => {
        timer.isCancelled = true;
      },
    };
  }
}

/** An Env in which only time is as the test has it; all else is simulated. */
export function manualEnv(time: ManualTime): Env {
  const simulated = new SimulatedWorld(1).addHost('one').createEnv();
  const clock = { monotonicMs: () => time.nowMs, realtimeSeconds: () => START_SECONDS + time.nowMs / 1000 };
  return { ...simulated, clock, timers: time.timers };
}

/** Lets promises go on as far as they can. */
export async function promises(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

export type RowSpec = Readonly<{
  type?: number;
  replicaId?: number;
  groupId?: number;
  lsn: number;
  /** That of a transaction of one row if it is left out. */
  tsn?: number;
  isLast?: boolean;
  flags?: number;
  body?: readonly (readonly [key: number, value: Value])[];
}>;

/** A row as a log has it: by default the only one of a transaction of replica 2. */
export function rowBytes(spec: RowSpec): Uint8Array {
  const { type = TYPE.insert, replicaId = 2, groupId = 0, lsn, tsn = lsn, isLast = true, flags = 0, body = [] } = spec;
  const writer = new ByteWriter(128);
  writeRowHeader(writer, {
    type,
    replicaId,
    groupId,
    lsn,
    timestampSeconds: START_SECONDS,
    tsn,
    flags: (isLast ? ROW_FLAG.commit : 0) | flags,
  });
  if (type !== TYPE.nop) {
    writer.writeByte(0x80 | body.length);
    for (const [key, value] of body) {
      writer.writeByte(key);
      encodeValue(writer, value);
    }
  }
  return writer.toBytes();
}

export function insertRow(spec: RowSpec, spaceId: number, tuple: Value): Uint8Array {
  return rowBytes({
    ...spec,
    body: [
      [0x10, spaceId],
      [0x21, tuple],
    ],
  });
}

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export type SeenRow = Readonly<{
  type: number;
  replicaId: number;
  lsn: number;
  tsn: number;
  flags: number;
  groupId: number;
}>;

export function seenRows(bytes: Uint8Array): SeenRow[] {
  const rows: SeenRow[] = [];
  const reader = new RowReader();
  reader.reset(bytes);
  while (reader.next() === 'row') {
    const { type, replicaId, lsn, tsn, flags, groupId } = reader;
    rows.push({ type, replicaId, lsn, tsn, flags, groupId });
  }
  return rows;
}

export function readerOn(bytes: Uint8Array): RowReader {
  const reader = new RowReader();
  reader.reset(bytes);
  reader.next();
  return reader;
}

/** How a commit went: 'waits' until it is settled. */
export type Outcome = { state: 'waits' | 'done' | number };

function newMemory(): SpaceMemory {
  const arena = new Arena(MEMORY_BYTES);
  return { arena, views: new ReadViews(arena) };
}

export class EngineFixture {
  readonly time = new ManualTime();
  readonly env = manualEnv(this.time);
  readonly log = new Logger(this.env.log, 'test');
  readonly members = new Members();
  readonly transactions: TransactionManager;
  readonly box: Box;
  readonly logClient: LogClient;
  /** Everything that is in the log, batch by batch. */
  readonly written: Uint8Array[] = [];
  #waiting: Extract<LogRequest, { kind: 'batch' }>[] = [];
  readonly #users = new UserRegistry({ kind: 'open' });

  /** As member 1; `vclock` is what it had at the start. */
  constructor(vclock: Vclock = [0, 0]) {
    const { env, members } = this;
    members.instanceUuid = OWN_UUID;
    this.transactions = new TransactionManager(new RecoveryJournal(), () => undefined);
    const catalog = new Catalog({
      userMemory: newMemory(),
      systemMemory: newMemory(),
      tupleBytesMax: 1 << 20,
      ports: { access: new SchemaAccess(this.#users), cluster: members },
    });
    catalog.createSystemSpaces();
    this.box = new Box(catalog, this.transactions, new AccessControl(catalog, env.crypto, this.#users));
    this.#makeSpaces();
    this.logClient = new LogClient('write', vclock, () => members.ownId, env.clock, this.log);
    this.logClient.attach({
      post: (message) => {
        const request = asLogRequest(message);
        if (request.kind === 'batch') this.#waiting.push({ ...request, rows: request.rows.slice() });
      },
      stop: () => Promise.resolve(),
    });
    this.transactions.useJournal(this.logClient);
    this.box.vclock = () => this.logClient.vclock;
  }

  #makeSpaces(): void {
    for (const { spaceId, tuple } of bootstrapRows(OWN_UUID, REPLICASET_UUID)) {
      this.box.statements.insert(this.box.adminSession, spaceId, tuple, 0, tuple.length);
    }
    const options: Readonly<Record<keyof typeof SPACE, readonly (readonly [Value, Value])[]>> = {
      plain: [],
      sync: [['is_sync', true]],
      local: [['group_id', 1]],
      temporary: [['temporary', true]],
    };
    for (const [name, id] of Object.entries(SPACE) as [keyof typeof SPACE, number][]) {
      this.insert(280, [id, 1, name, 'memtx', 0, new Map<Value, Value>(options[name]), []]);
      this.insert(288, [id, 0, 'primary', 'tree', new Map<Value, Value>([['unique', true]]), [[0, 'unsigned']]]);
    }
    this.transactions.flush();
  }

  insert(spaceId: number, tuple: Value): void {
    const bytes = encodeToBytes(tuple);
    this.box.statements.insert(this.box.adminSession, spaceId, bytes, 0, bytes.length);
  }

  replace(spaceId: number, tuple: Value): void {
    const bytes = encodeToBytes(tuple);
    this.box.statements.replace(this.box.adminSession, spaceId, bytes, 0, bytes.length);
  }

  /** Commits these replaces in one transaction, and watches what becomes of it. */
  commit(...tuples: readonly (readonly [spaceId: number, tuple: Value])[]): Outcome {
    this.transactions.begin();
    for (const [spaceId, tuple] of tuples) this.replace(spaceId, tuple);
    return this.watch(this.transactions.commit());
  }

  watch(batch: CommitBatch | null): Outcome {
    const outcome: Outcome = { state: batch === null ? 'done' : 'waits' };
    batch?.listeners.push({
      settled: (error: BoxError | null) => {
        outcome.state = error === null ? 'done' : error.code;
      },
    });
    return outcome;
  }

  /** Hands on what was committed; the log writes it, and what follows from that, until it has nothing more to do. */
  write(): void {
    this.transactions.flush();
    while (this.#waiting.length > 0) {
      this.writeOne();
      this.transactions.flush();
    }
  }

  /** The log writes the batch that it has. */
  writeOne(): void {
    const { rows, sequence } = defined(this.#waiting.shift(), 'a batch on its way');
    this.written.push(rows);
    const result = { ok: true, fileVclock: [], fileSizeBytes: 0 } as const;
    this.logClient.receive({ kind: 'written', sequence, durationMs: 0, result });
  }

  /** The log cannot write the batch that it has. */
  fail(): void {
    const { sequence } = defined(this.#waiting.shift(), 'a batch on its way');
    const result = { ok: false, code: 'ENOSPC', errno: 28, message: 'no space' } as const;
    this.logClient.receive({ kind: 'written', sequence, durationMs: 0, result });
  }

  get hasBatch(): boolean {
    return this.#waiting.length > 0;
  }

  get writtenRows(): readonly SeenRow[] {
    return this.written.flatMap(seenRows);
  }

  rows(spaceId: number): Value[] {
    const { statements, adminSession } = this.box;
    const cursor = statements.select(adminSession, spaceId, 0, ALL, 0, encodeToBytes([]), 0);
    const rows: Value[] = [];
    for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) {
      rows.push(decodeValue(resultBytes(statements.selected, tuple), 0));
    }
    return rows;
  }
}

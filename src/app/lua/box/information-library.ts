/** `box.info`, `box.stat`, `box.slab` and `box.runtime`: what an instance says of itself. */
import { TARANTOOL_VERSION, unreachable } from '../../../base/index.ts';
import { type Vclock, vclockSignature } from '../../../codec/xlog/index.ts';
import {
  type Box,
  COUNTED_REQUESTS,
  type NetworkCounters,
  type ReplicaInformation,
} from '../../../engine/box/index.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { type LuaFunction, type LuaValue, NO_VALUES, plainFunction } from '../runtime/values.ts';
import { luaInteger } from '../ffi/numbers.ts';
import type { BoxContext } from './context.ts';
import type { SchemaRows } from './schema/schema-rows.ts';

/** What the instance around the engine knows. */
export type InstanceFacts = Readonly<{
  /** As `box.info.status` says it: `running`, `loading`, `orphan` ... */
  status: () => string;
  listen: () => string | null;
  /** Own id in the replica set, 0 while there is none. */
  replicaId: () => number;
  /** Other sections of `box.info`, such as `replication`; each is asked for when it is looked at. */
  sections: Readonly<Record<string, () => LuaValue>>;
}>;

/** A table that answers by functions: `object.name` and, all of them, `object()`. */
function answering(
  answers: Readonly<Record<string, () => LuaValue>>,
  shown: Readonly<Record<string, LuaValue>>,
): LuaTable {
  const table = tableOf(shown);
  const all = (): LuaTable => {
    const result = tableOf(shown);
    for (const [name, answer] of Object.entries(answers)) {
      const value = answer();
      if (value !== undefined) result.setString(name, value);
    }
    return result;
  };
  const metatable = new LuaTable();
  metatable.setString(
    '__index',
    plainFunction((_table, key) => (typeof key === 'string' ? answers[key]?.() : undefined)),
  );
  metatable.setString('__call', plainFunction(all));
  metatable.setString('__serialize', plainFunction(all));
  table.metatable = metatable;
  return table;
}

/** A section of `box.info` that is a function and a table at once. */
function section(
  entries: () => Readonly<Record<string, LuaValue>>,
  shown: Readonly<Record<string, LuaValue>> = {},
): LuaTable {
  const table = tableOf(shown);
  const all = plainFunction(() => tableOf(entries()));
  table.metatable = tableOf({
    __call: all,
    __serialize: all,
    __index: plainFunction((_table, key) => (typeof key === 'string' ? entries()[key] : undefined)),
  });
  return table;
}

export function createInformation(context: BoxContext, rows: SchemaRows, facts: InstanceFacts): LuaTable {
  const { box, machine } = context;
  const startMs = machine.env.clock.monotonicMs();
  const vclock = (): LuaTable => vclockTable(rows, box.vclock());
  const signature = (): number => vclockSignature(box.vclock());
  const ownLsn = (): LuaValue => integer(box.vclock()[facts.replicaId()] ?? 0);
  return answering(
    {
      id: () => facts.replicaId(),
      uuid: () => box.control?.uuid,
      ro: () => box.statements.isReadOnly,
      status: () => facts.status(),
      lsn: ownLsn,
      signature: () => integer(signature()),
      vclock,
      uptime: () => Math.floor((machine.env.clock.monotonicMs() - startMs) / 1000),
      pid: () => machine.env.process.pid,
      cluster: () => tableOf({ uuid: box.catalog.replicasetUuid }),
      listen: () => facts.listen() ?? undefined,
      replication: () => replication(context, rows),
      replication_anon: () => anonymousReplication(context, rows),
      election: () => electionTable(context),
      synchro: () => synchroTable(context),
      gc: () => section(() => garbage(context, rows)),
      memory: () => section(() => memory(context)),
      vinyl: () => section(() => ({})),
      sql: () => section(() => ({ cache: tableOf({ size: 0, stmt_count: 0 }) })),
      ...facts.sections,
    },
    { version: TARANTOOL_VERSION, package: 'Tarantool' },
  );
}

function integer(value: number): LuaValue {
  return luaInteger(value, () => BigInt(value), false);
}

function vclockTable(rows: SchemaRows, vclock: Vclock): LuaTable {
  const table = rows.map();
  vclock.forEach((lsn, id) => {
    if (lsn > 0) table.set(id, integer(lsn));
  });
  return table;
}

/** The members of the replica set, by id. */
function replication({ box }: BoxContext, rows: SchemaRows): LuaTable {
  const table = new LuaTable();
  table.metatable = tableOf({ __serialize: 'mapping' });
  for (const replica of box.control?.replication().replicas ?? []) table.set(replica.id, replicaTable(rows, replica));
  return table;
}

/** Not in 2.6.0: as 2.10 shows it. */
function electionTable({ box }: BoxContext): LuaTable | undefined {
  const election = box.control?.replication().election;
  if (election === undefined) return undefined;
  const { state, term, vote, leaderId: leader } = election;
  return tableOf({ state, term, vote, leader });
}

/** The same. */
function synchroTable({ box }: BoxContext): LuaTable | undefined {
  const synchro = box.control?.replication().synchro;
  if (synchro === undefined) return undefined;
  const { quorum, queueLength: len, ownerId: owner, term } = synchro;
  return tableOf({ quorum, queue: tableOf({ len, owner, term }) });
}

/** Replicas that are no members: their number, and when called, all of them by uuid. */
function anonymousReplication({ box }: BoxContext, rows: SchemaRows): LuaTable {
  const replicas = box.control?.replication().anonymous ?? [];
  const all = (): Readonly<Record<string, LuaValue>> =>
    Object.fromEntries(replicas.map((replica) => [replica.uuid, replicaTable(rows, replica)]));
  const table = section(all, { count: replicas.length });
  table.metatable?.setString(
    '__serialize',
    plainFunction(() => tableOf({ count: replicas.length })),
  );
  return table;
}

function replicaTable(rows: SchemaRows, replica: ReplicaInformation): LuaTable {
  const { upstream, downstream } = replica;
  const table = tableOf({ id: replica.id, uuid: replica.uuid, lsn: integer(replica.lsn) });
  if (upstream !== null) {
    const { status, idleSeconds: idle, lagSeconds: lag, peer } = upstream;
    table.setString('upstream', tableOf({ status, idle, lag, peer, ...failure(upstream) }));
  }
  if (downstream !== null) {
    const { status, idleSeconds: idle, lagSeconds: lag, vclock } = downstream;
    const running = status === 'follow' ? { idle, lag, vclock: vclockTable(rows, vclock) } : {};
    table.setString('downstream', tableOf({ status, ...running, ...failure(downstream) }));
  }
  return table;
}

function failure(
  connection: Readonly<{ message: string | null; systemMessage: string | null }>,
): Readonly<Record<string, LuaValue>> {
  const { message, systemMessage } = connection;
  return {
    ...(message === null ? {} : { message }),
    ...(systemMessage === null ? {} : { system_message: systemMessage }),
  };
}

function garbage({ box }: BoxContext, rows: SchemaRows): Readonly<Record<string, LuaValue>> {
  const information = box.control?.garbage();
  const checkpoints = (information?.checkpoints ?? []).map(({ vclock, isPinned }) => {
    const references = new LuaTable(isPinned ? ['backup'] : []);
    return tableOf({ signature: integer(vclockSignature(vclock)), references, vclock: vclockTable(rows, vclock) });
  });
  const consumers = (box.control?.replication().consumers ?? []).map(({ name, vclock }) =>
    tableOf({ name, signature: integer(vclockSignature(vclock)), vclock: vclockTable(rows, vclock) }),
  );
  const oldest = information?.checkpoints[0]?.vclock ?? [];
  return {
    vclock: vclockTable(rows, oldest),
    signature: integer(vclockSignature(oldest)),
    checkpoint_is_in_progress: information?.isCheckpointInProgress ?? false,
    checkpoints: new LuaTable(checkpoints),
    consumers: new LuaTable(consumers),
  };
}

function memory({ box, machine }: BoxContext): Readonly<Record<string, LuaValue>> {
  const use = box.control?.memory();
  const { heapBytes } = machine.env.process.memoryUsage();
  return { cache: 0, data: use?.usedBytes ?? 0, index: 0, lua: heapBytes, net: 0, tx: 0 };
}

const NET_COUNTERS = ['SENT', 'RECEIVED', 'CONNECTIONS', 'REQUESTS'] as const;

/** Totals since the start; a rate is not kept. */
export function createStatistics({ counters }: Box): LuaTable {
  const names = [...Object.keys(COUNTED_REQUESTS), 'ERROR'];
  const total = (name: string): LuaValue =>
    tableOf({ total: name === 'ERROR' ? counters.errors : counters.total(name), rps: 0 });
  const statistics = answering(Object.fromEntries(names.map((name) => [name, () => total(name)])), {});
  const net = answering(
    Object.fromEntries(NET_COUNTERS.map((name) => [name, () => networkCounter(counters.network, name)])),
    {},
  );
  statistics.setString('net', net);
  statistics.setString(
    'vinyl',
    answerFunction(() => new LuaTable()),
  );
  statistics.setString(
    'sql',
    answerFunction(() => tableOf({ sql_xfer_count: 0, sql_sort_count: 0, sql_search_count: 0, sql_found_count: 0 })),
  );
  statistics.setString(
    'reset',
    plainFunction(() => {
      counters.reset();
      return NO_VALUES;
    }),
  );
  return statistics;
}

function networkCounter(network: NetworkCounters, name: (typeof NET_COUNTERS)[number]): LuaTable {
  switch (name) {
    case 'SENT':
      return tableOf({ total: network.sentBytes, rps: 0 });
    case 'RECEIVED':
      return tableOf({ total: network.receivedBytes, rps: 0 });
    case 'CONNECTIONS':
      return tableOf({ total: network.connections, rps: 0, current: network.openConnections });
    case 'REQUESTS':
      return tableOf({ total: network.requests, rps: 0, current: network.openRequests });
    default:
      return unreachable(name);
  }
}

function answerFunction(answer: () => LuaTable): LuaFunction {
  return plainFunction(answer);
}

/** `box.slab`: memory of tuples and indexes. */
export function createSlabLibrary({ box }: BoxContext): LuaTable {
  const ratio = (used: number, size: number): string => `${((used * 100) / Math.max(size, 1)).toFixed(2)}%`;
  return tableOf({
    info: plainFunction(() => {
      const { arenaBytes = 0, usedBytes = 0, quotaBytes = 0 } = box.control?.memory() ?? {};
      return tableOf({
        quota_size: quotaBytes,
        quota_used: arenaBytes,
        quota_used_ratio: ratio(arenaBytes, quotaBytes),
        arena_size: arenaBytes,
        arena_used: usedBytes,
        arena_used_ratio: ratio(usedBytes, arenaBytes),
        items_size: arenaBytes,
        items_used: usedBytes,
        items_used_ratio: ratio(usedBytes, arenaBytes),
      });
    }),
    stats: plainFunction(() => {
      const { arenaBytes = 0, usedBytes = 0 } = box.control?.memory() ?? {};
      const all = { mem_used: usedBytes, mem_free: Math.max(0, arenaBytes - usedBytes) };
      return new LuaTable([tableOf({ ...all, item_count: 0, item_size: 0, slab_count: 1, slab_size: arenaBytes })]);
    }),
    check: plainFunction(() => NO_VALUES),
  });
}

/** `box.runtime`: memory of programs. */
export function createRuntimeLibrary(usage: () => Readonly<{ heapBytes: number; heapBytesMax: number }>): LuaTable {
  return tableOf({
    info: plainFunction(() => {
      const { heapBytes, heapBytesMax } = usage();
      return tableOf({ lua: heapBytes, used: heapBytes, maxalloc: heapBytesMax });
    }),
  });
}

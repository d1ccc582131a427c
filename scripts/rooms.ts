/**
 * The import table of `src/`: one row a room, in the order in which rooms may build on each other. `scripts/tidy.ts`
 * checks the code against it.
 *
 * Reading a row:
 * - A file belongs to the row with the longest matching name; a file that matches none is a finding.
 * - A name in `imports` covers the room and everything below it, except rooms marked `apart`: those must be named.
 * - A room may import its own parts, be they rows of their own (unless `apart`) or names in `parts`; a row of its own
 *   may import only what it lists.
 * - Another room, or another part of the same room, is entered through its `index.ts` only.
 * - A `pure` room holds synchronous code without effects: it may not import `env`, be `async` or use promises.
 */
export type Imports = readonly string[] | Readonly<{ allAboveBut: readonly string[] }>;

export type Room = Readonly<{
  name: string;
  purpose: string;
  imports: Imports;
  pure?: true;
  /** Not covered by the name of a room above it. */
  apart?: true;
  /** Folders that have an entrance of their own but share this row. */
  parts?: readonly string[];
}>;

export const ROOMS: readonly Room[] = [
  {
    name: 'base',
    pure: true,
    purpose: 'assertions, branded ids, error table, bytes, bounded queues, seeded random',
    imports: [],
  },
  { name: 'config', pure: true, purpose: 'every option and limit: default, unit, source', imports: ['base'] },
  { name: 'env', purpose: 'ports of every effect', imports: ['base'], parts: ['zstd'] },
  { name: 'env/node', apart: true, purpose: 'the only user of Node', imports: ['base', 'env'] },
  {
    name: 'codec',
    pure: true,
    purpose: 'formats of the wire and of files, at any chunking',
    imports: ['base'],
    parts: ['msgpack', 'iproto', 'xlog', 'pgwire', 'swim'],
  },
  {
    name: 'tuple',
    pure: true,
    purpose: 'formats, key definitions, comparators, update operations',
    imports: ['base', 'codec'],
  },
  { name: 'raft', pure: true, purpose: "the cluster's consensus core", imports: ['base'] },
  { name: 'engine/arena', pure: true, purpose: 'slabs and pages', imports: ['base', 'config'] },
  {
    name: 'engine/indexes',
    pure: true,
    purpose: 'tree, hash, rtree, bitset',
    imports: ['base', 'config', 'codec', 'tuple', 'engine/arena'],
  },
  {
    name: 'engine/memtx',
    pure: true,
    purpose: 'spaces, read views',
    imports: ['base', 'config', 'codec', 'tuple', 'engine/arena', 'engine/indexes'],
  },
  {
    name: 'engine/txn',
    purpose: 'transactions; declares Journal and CommitGate',
    imports: ['base', 'config', 'codec', 'tuple', 'engine/arena', 'engine/memtx'],
  },
  { name: 'engine/wal', purpose: 'row log', imports: ['base', 'config', 'env', 'codec', 'engine/txn'] },
  {
    name: 'engine/catalog',
    purpose: 'system spaces and what changing them does',
    imports: ['base', 'config', 'codec', 'tuple', 'engine/arena', 'engine/indexes', 'engine/memtx', 'engine/txn'],
  },
  {
    name: 'engine/access',
    purpose: 'users, roles, rights, authentication',
    imports: [
      'base',
      'config',
      'env',
      'codec',
      'engine/arena',
      'engine/indexes',
      'engine/memtx',
      'engine/txn',
      'engine/catalog',
    ],
  },
  {
    name: 'engine/checkpoint',
    purpose: 'snapshots and recovery',
    imports: [
      'base',
      'config',
      'env',
      'codec',
      'tuple',
      'engine/arena',
      'engine/indexes',
      'engine/memtx',
      'engine/txn',
      'engine/wal',
      'engine/catalog',
    ],
  },
  {
    name: 'engine/box',
    purpose: 'the one local API: requests, sessions, functions, sequences, triggers',
    imports: ['base', 'config', 'env', 'codec', 'tuple', 'engine'],
  },
  {
    name: 'client',
    purpose: 'iproto client: pipelining, reconnect, pool, typed spaces',
    imports: ['base', 'config', 'env', 'codec', 'tuple'],
  },
  {
    name: 'replication',
    purpose: 'vclock, join, relay, applier',
    imports: ['base', 'config', 'env', 'codec', 'engine', 'client'],
  },
  { name: 'replication/limbo', pure: true, purpose: 'synchronous commits', imports: ['base', 'config', 'codec'] },
  {
    name: 'replication/election',
    pure: true,
    purpose: "the replicaset's election",
    imports: ['base', 'config', 'codec'],
  },
  {
    name: 'sql',
    purpose: 'SQL over the local API and over the cluster',
    imports: ['base', 'config', 'env', 'codec', 'tuple', 'engine'],
    parts: ['executor', 'dispatch'],
  },
  { name: 'sql/parser', pure: true, purpose: 'text to tree', imports: ['base', 'config', 'codec', 'tuple'] },
  { name: 'sql/ast', pure: true, purpose: 'the tree', imports: ['base', 'config', 'codec', 'tuple', 'sql/parser'] },
  {
    name: 'sql/binder',
    pure: true,
    purpose: 'names and types',
    imports: ['base', 'config', 'codec', 'tuple', 'sql/parser', 'sql/ast'],
  },
  {
    name: 'sql/planner',
    pure: true,
    purpose: 'plans as frozen data',
    imports: ['base', 'config', 'codec', 'tuple', 'sql/parser', 'sql/ast', 'sql/binder'],
  },
  {
    name: 'sharding',
    purpose: 'buckets: storage and router',
    imports: ['base', 'config', 'env', 'codec', 'tuple', 'engine', 'client', 'replication'],
    parts: ['storage', 'router'],
  },
  { name: 'sharding/hash', pure: true, purpose: 'key to bucket', imports: ['base', 'codec', 'tuple'] },
  { name: 'sharding/rebalancer', pure: true, purpose: 'plans of bucket moves', imports: ['base', 'codec', 'tuple'] },
  {
    name: 'cluster/raftnode',
    purpose: "Raft's log, transport and driver",
    imports: ['base', 'config', 'env', 'codec', 'tuple', 'engine', 'client', 'raft'],
  },
  { name: 'cluster/swim', pure: true, purpose: 'membership', imports: ['base', 'config', 'codec'] },
  { name: 'cluster/governor/plan', pure: true, purpose: 'what to do next', imports: ['base', 'config', 'codec'] },
  { name: 'cluster/failover/plan', pure: true, purpose: 'whom to promote', imports: ['base', 'config', 'codec'] },
  {
    name: 'cluster',
    purpose: 'topology, governor, failover, discovery, join, expel, compare-and-swap, DDL, clusterwide settings',
    imports: ['base', 'config', 'env', 'codec', 'tuple', 'engine', 'client', 'replication', 'raft', 'sharding'],
  },
  {
    name: 'app',
    purpose: "the user's code",
    imports: { allAboveBut: ['env/node'] },
    parts: ['lua', 'procedures', 'roles', 'plugins', 'migrations'],
  },
  {
    name: 'server',
    purpose: 'one door each',
    imports: { allAboveBut: ['env/node'] },
    parts: ['iproto', 'pgwire', 'http', 'console', 'metrics'],
  },
  {
    name: 'instance',
    purpose: 'composition root: builds an instance from an Env, start and stop phases',
    imports: { allAboveBut: ['env/node'] },
  },
  {
    name: 'instance/workers',
    apart: true,
    purpose: 'worker entries: log, relay reading, compression',
    imports: ['base', 'config', 'env', 'env/node', 'codec', 'engine/wal', 'engine/checkpoint', 'replication'],
  },
  {
    name: 'cli',
    purpose: 'commands',
    imports: ['base', 'config', 'env', 'env/node', 'client', 'server', 'instance'],
  },
  { name: 'cli/supervisor', purpose: 'several instances on one machine', imports: ['env', 'env/node'] },
  {
    name: 'index.ts',
    purpose: "the package's public face, the one file that re-exports across rooms",
    imports: { allAboveBut: ['cli'] },
  },
];

/** Where a file stands: its row, and the folder whose `index.ts` is its entrance. */
export type Place = Readonly<{ room: Room; unit: string }>;

function covers(name: string, room: string): boolean {
  return room === name || room.startsWith(`${name}/`);
}

/** The place of a path relative to `src/`; null if no row covers it. */
export function placeOf(path: string): Place | null {
  let room: Room | null = null;
  for (const candidate of ROOMS) {
    if (covers(candidate.name, path) && (room === null || candidate.name.length > room.name.length)) room = candidate;
  }
  if (room === null) return null;
  const rest = path.slice(room.name.length + 1);
  const part = room.parts?.find((name) => covers(name, rest));
  return { room, unit: part === undefined ? room.name : `${room.name}/${part}` };
}

/** True if files of room `from` may import room `to`; a room may always import itself. */
export function mayImport(from: Room, to: Room): boolean {
  if (from === to) return true;
  if (covers(from.name, to.name) && to.apart !== true) return true;
  const { imports } = from;
  if ('allAboveBut' in imports) {
    return (
      ROOMS.indexOf(to) < ROOMS.indexOf(from) &&
      !imports.allAboveBut.some((name) => covers(name, to.name)) &&
      (to.apart !== true || from.name === 'index.ts')
    );
  }
  return imports.some((name) => name === to.name || (covers(name, to.name) && to.apart !== true));
}

/** The imports of a row as one readable line. */
export function importsInWords(room: Room): string {
  const { imports } = room;
  if ('allAboveBut' in imports) return `all rooms above it but ${imports.allAboveBut.join(', ')}`;
  return imports.length === 0 ? 'nothing' : imports.join(', ');
}

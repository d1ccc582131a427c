/**
 * The storage of an instance: engine, log and snapshots, from an empty or a used directory to a state that takes
 * writes, and back to a clean stop.
 */
import { assert, boxError, SOFTWARE_VERSION, unreachable } from '../base/index.ts';
import { encodeToBytes } from '../codec/msgpack/index.ts';
import type { Vclock } from '../codec/xlog/index.ts';
import type { ViewLimits } from '../engine/arena/index.ts';
import { type Box, BoxRowApplier } from '../engine/box/index.ts';
import { bootstrapRows, SYSTEM_SPACE } from '../engine/catalog/index.ts';
import {
  Checkpointer,
  type CheckpointSource,
  type ControlRow,
  FileCollector,
  hasState,
  ownerOf,
  recover,
  type RecoveryProgress,
} from '../engine/checkpoint/index.ts';
import type { SpaceMemory } from '../engine/memtx/index.ts';
import { LogClient } from '../engine/wal/index.ts';
import type { DirectoryLock, Env, Files } from '../env/index.ts';
import { FileError, Logger } from '../env/index.ts';
import type { Beginning, EmptyEngine, Members } from '../replication/index.ts';
import { type EngineHandlers, type EngineMemories, FillingEngine } from './engine.ts';
import { instanceUuid, replicasetUuid } from './identity.ts';
import { LocalRows } from './local-rows.ts';
import type { InstanceOptions } from './options.ts';

/** A directory that another process works in, or that cannot be used. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** What is given back at once. */
const GARBAGE_ITEMS = 500;
const RETIRED_CELLS = 2000;
const SECURE_RETRY_MS = 1000;

export class Storage {
  readonly box: Box;
  /** Of system spaces, and of users'. */
  readonly memories: readonly [system: SpaceMemory, user: SpaceMemory];
  readonly checkpointer: Checkpointer;
  readonly collector: FileCollector;
  readonly logClient: LogClient;
  readonly instanceUuid: string;
  readonly directory: string;
  /** What its state is made of. */
  readonly source: CheckpointSource;
  readonly #lock: DirectoryLock;
  readonly #userMemory: SpaceMemory;
  readonly #viewLimits: ViewLimits;

  constructor(
    box: Box,
    memories: EngineMemories,
    checkpointer: Checkpointer,
    collector: FileCollector,
    logClient: LogClient,
    uuid: string,
    directory: string,
    source: CheckpointSource,
    lock: DirectoryLock,
    viewLimits: ViewLimits,
  ) {
    this.box = box;
    this.memories = [memories.system, memories.user];
    this.#userMemory = memories.user;
    this.checkpointer = checkpointer;
    this.collector = collector;
    this.logClient = logClient;
    this.instanceUuid = uuid;
    this.directory = directory;
    this.source = source;
    this.#lock = lock;
    this.#viewLimits = viewLimits;
  }

  /** Gives user spaces another quota. Throws BoxError for one that is smaller than before. */
  setMemoryQuota(bytes: number): void {
    const { arena } = this.#userMemory;
    if (bytes < arena.quotaBytes) throw boxError('CFG', 'memtx_memory', 'cannot decrease memory size at runtime');
    arena.quotaBytes = bytes;
  }

  /** Memory of user spaces. */
  memoryUse(): Readonly<{ arenaBytes: number; usedBytes: number; quotaBytes: number }> {
    const { arenaBytes, cellBytes, quotaBytes } = this.#userMemory.arena.statistics();
    return { arenaBytes, usedBytes: cellBytes, quotaBytes };
  }

  /**
   * Gives back some of the memory that nobody needs any more, and takes read views away that are beyond their limits;
   * true while there is more to give back.
   */
  collectMemory(nowMs: number): boolean {
    let hasMore = this.box.catalog.collectGarbage(GARBAGE_ITEMS);
    for (const { views } of this.memories) {
      views.enforceLimits(nowMs, this.#viewLimits);
      if (views.freeSlice(RETIRED_CELLS)) hasMore = true;
    }
    return hasMore;
  }

  /** Waits until everything is written, closes the log, and lets the directory go. */
  async stop(env: Env): Promise<void> {
    const { transactions } = this.box;
    transactions.flush();
    while (!transactions.isIdle) await env.timers.sleep(1);
    await this.logClient.stop();
    this.#lock.release();
  }
}

export type StorageHandlers = EngineHandlers &
  Readonly<{
    /** The engine is there, without data, and it is known whose it is. */
    onEngine: (box: Box, instanceUuid: string) => Promise<void>;
    /** Rows of elections and of the synchronous queue, as a snapshot keeps them. */
    controlRows: () => readonly ControlRow[];
    /** Where the data of a fresh directory come from; the engine takes those of others. */
    bootstrap: (engine: EmptyEngine) => Promise<Beginning>;
    /** Whether data with this state are too old to go on from, and can be got anew. */
    isLeftBehind: (vclock: Vclock) => Promise<boolean>;
    /** Gets them, and says their state. */
    rejoin: (vclock: Vclock, engine: EmptyEngine) => Promise<Vclock>;
    onProgress: RecoveryProgress;
    onFailure: (error: Error) => void;
  }>;

/** Opens the storage in the directory, making it if it is empty. Throws StartError, CorruptionError, FileError, BoxError. */
export async function openStorage(
  env: Env,
  options: InstanceOptions,
  members: Members,
  handlers: StorageHandlers,
): Promise<Storage> {
  const directory = env.files.absolute(options.dataDir);
  makeDurableDirectories(env.files, directory);
  const lock = env.files.lockDirectory(directory);
  if (lock === null) throw new StartError(`${directory} is in use by another instance`);
  try {
    return await openLocked(env, options, members, directory, lock, handlers);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Makes the directory and those above it; none that it made can be lost with what will lie in it. */
function makeDurableDirectories(files: Files, directory: string): void {
  const made: string[] = [];
  for (let path = directory; files.status(path) === null; path = files.join(path, '..')) made.push(path);
  files.makeDirectories(directory);
  for (const path of made) files.syncDirectory(files.join(path, '..'));
}

/** The same for a directory that is there and empty: who made it may have died before it was durable. */
function makeDurable(files: Files, directory: string): void {
  try {
    files.syncDirectory(files.join(directory, '..'));
  } catch (error) {
    // What lies above need not be ours to read; then somebody else has made the directory.
    if (!(error instanceof FileError) || error.code !== 'EACCES') throw error;
  }
}

async function openLocked(
  env: Env,
  options: InstanceOptions,
  members: Members,
  directory: string,
  lock: DirectoryLock,
  handlers: StorageHandlers,
): Promise<Storage> {
  const filling = new FillingEngine(env, options, members, handlers);
  const isFresh = !hasState(env, directory);
  if (isFresh) makeDurable(env.files, directory);
  const uuid = isFresh ? freshUuid(env, options) : ownerOf(env, directory);
  members.instanceUuid = uuid;
  await handlers.onEngine(filling.box, uuid);
  const { vclock, lastFileVclock, snapshotVclock } = isFresh
    ? await beginData(env, options, members, filling, handlers)
    : await recoverData(env, options, directory, filling, handlers);
  const { box, memories, endRecovery } = filling.engine;
  const { catalog, transactions } = box;
  endRecovery();
  assert(transactions.isIdle, 'recovery leaves nothing on its way');
  const logClient = startLog(env, options, members, directory, { vclock, lastFileVclock }, handlers.onFailure);
  await secureLog(env, options, logClient);
  transactions.useJournal(logClient);
  box.vclock = () => logClient.vclock;
  const source = {
    memories: [memories.system, memories.user],
    spaces: () => catalog.spaces(),
    sequenceRows: () => ({ spaceId: SYSTEM_SPACE.sequenceData, tuples: [...catalog.sequenceDataRows()] }),
    controlRows: handlers.controlRows,
  };
  const viewLimits = { ageMs: options.readViewAgeMsMax, bytes: options.readViewBytesMax };
  const snapshotOptions = { directory, instanceUuid: uuid, softwareVersion: SOFTWARE_VERSION, viewLimits };
  const checkpointer = new Checkpointer(
    env,
    new Logger(env.log, 'checkpoint'),
    transactions,
    logClient,
    source,
    snapshotOptions,
    snapshotVclock,
  );
  const collector = new FileCollector(env.files, new Logger(env.log, 'gc'), {
    directory,
    checkpointCount: options.checkpointCount,
  });
  if (snapshotVclock === null) {
    // A join may end with transactions about which others are still to decide, and say so once this instance follows.
    await checkpointer.checkpoint('asItIs');
    collector.removeBefore(vclock);
  }
  return new Storage(box, memories, checkpointer, collector, logClient, uuid, directory, source, lock, viewLimits);
}

function startLog(
  env: Env,
  options: InstanceOptions,
  members: Members,
  directory: string,
  state: Readonly<{ vclock: Vclock; lastFileVclock: Vclock | null }>,
  onFailure: (error: Error) => void,
): LogClient {
  const { walMode, walMaxSizeBytes } = options;
  const log = new Logger(env.log, 'wal');
  const logClient = new LogClient(walMode, state.vclock, () => members.ownId, env.clock, log);
  if (walMode === 'none') return logClient;
  const { instanceUuid } = members;
  const parameters = { directory, instanceUuid, softwareVersion: SOFTWARE_VERSION, walMode, walMaxSizeBytes, ...state };
  logClient.attach(
    env.workers.start('log', parameters, { onMessage: (message) => logClient.receive(message), onFailure }),
  );
  return logClient;
}

/**
 * What was recovered is made durable before the first batch. In wal_mode fsync nothing that is only in the system's cache
 * may be shown, confirmed or sent to others: as long as that fails, the start waits.
 */
async function secureLog({ timers }: Env, { walMode }: InstanceOptions, logClient: LogClient): Promise<void> {
  if (walMode === 'write') void logClient.secure();
  if (walMode !== 'fsync') return;
  while (!(await logClient.secure())) await timers.sleep(SECURE_RETRY_MS);
}

/** `snapshotVclock` null: none of the directory has the data. */
type Begun = Readonly<{ vclock: Vclock; lastFileVclock: Vclock | null; snapshotVclock: Vclock | null }>;

/** Fills an engine without data: as a new Tarantool does, or from another server. */
async function beginData(
  env: Env,
  options: InstanceOptions,
  members: Members,
  filling: FillingEngine,
  handlers: StorageHandlers,
): Promise<Begun> {
  const beginning = await handlers.bootstrap(filling);
  filling.joined();
  switch (beginning.kind) {
    case 'founded':
      foundReplicaset(env, options, members.instanceUuid, filling.box, beginning.otherUuids);
      return { vclock: [], lastFileVclock: null, snapshotVclock: null };
    case 'joined':
      return { vclock: beginning.vclock, lastFileVclock: null, snapshotVclock: null };
    default:
      return unreachable(beginning);
  }
}

/** Fills it from the directory; if the masters are too far ahead of that, from them, but for local spaces. */
async function recoverData(
  env: Env,
  options: InstanceOptions,
  directory: string,
  filling: FillingEngine,
  handlers: StorageHandlers,
): Promise<Begun> {
  const recovered = await recover(
    env,
    new Logger(env.log, 'memtx'),
    { directory, forceRecovery: options.forceRecovery },
    new BoxRowApplier(filling.box, options.forceRecovery, handlers.onControlRow),
    handlers.onProgress,
  );
  if (!(await handlers.isLeftBehind(recovered.vclock))) return recovered;
  // Nothing here may hold the engine that is given up: there is memory for one.
  const { replicasetUuid: ofReplicaset } = filling.box.catalog;
  const localRows = await LocalRows.of(env, filling.box);
  const vclock = await handlers.rejoin(recovered.vclock, filling.onlyOf(ofReplicaset));
  filling.joined();
  await localRows.putInto(env, filling.box);
  // What lies in the directory does not lead to the new state: its log begins without a file before.
  return { vclock: [recovered.vclock[0] ?? 0, ...vclock.slice(1)], lastFileVclock: null, snapshotVclock: null };
}

function freshUuid(env: Env, options: InstanceOptions): string {
  return options.uuids?.instance ?? instanceUuid(env.crypto, options.instanceId);
}

function foundReplicaset(
  env: Env,
  options: InstanceOptions,
  uuid: string,
  box: Box,
  otherUuids: readonly string[],
): void {
  const ofReplicaset = options.uuids?.replicaset ?? replicasetUuid(env.crypto, options.replicasetId);
  const { statements, transactions, adminSession } = box;
  const insert = (spaceId: number, tuple: Uint8Array): void => {
    transactions.begin();
    statements.insert(adminSession, spaceId, tuple, 0, tuple.length);
    transactions.commit();
  };
  for (const row of bootstrapRows(uuid, ofReplicaset)) insert(row.spaceId, row.tuple);
  otherUuids.forEach((other, index) => insert(SYSTEM_SPACE.cluster, encodeToBytes([index + 2, other])));
}

/**
 * An instance: storage, doors and the timers between them, built from an Env. The command line and the simulator start
 * the same code.
 * Phases of start: key functions of the script, the engine, the iproto door if masters are to be asked (it answers VOTE
 * only), the data (recovered, founded or got from a master), replication, procedures, doors. Phases of stop, in reverse:
 * who asked to be told is told, replication and doors end, what was promised is written, the directory is let go.
 */
import type { KeyFunctionDefinition } from '../app/procedures/index.ts';
import { BoxError, boxError, clusterError, CorruptionError } from '../base/index.ts';
import { checkConsensusOptions, Consensus, StartConflict } from '../cluster/raftnode/index.ts';
import { SERVICE_USER_NAME } from '../config/index.ts';

import type { Box, InstanceControl } from '../engine/box/index.ts';
import type { FunctionRuntime } from '../engine/catalog/index.ts';
import { type Address, type Env, FileError, Logger, type TimerHandle } from '../env/index.ts';
import type { IprotoServer } from '../server/iproto/index.ts';
import { addressOf, openDoors } from './opening.ts';
import type { DynamicOptions, InstanceOptions } from './options.ts';
import { InstanceEvents } from './events.ts';
import { KeyFunctions } from './key-functions.ts';
import { InstanceLua } from './lua.ts';
import { Monitoring } from './monitoring.ts';
import { loadScript } from './scripts.ts';
import { openStorage, StartError, type Storage } from './storage.ts';
import { Backup } from './backup.ts';
import { CheckpointDaemon } from './checkpoint-daemon.ts';
import { Members, Replication, replicationInformation, type ReplicationOptions } from '../replication/index.ts';
import { runShutdownHooks } from './shutdown.ts';

/** What the instance tells whoever started it. */
export type InstanceHandlers = Readonly<{
  /** Beside those of the script. */
  keyFunctions?: readonly KeyFunctionDefinition[];
  /** Runs the bodies of stored functions. */
  functionBodies?: FunctionRuntime;
  /** Where Lua's `print` goes: bytes as characters. Without it, to the log. */
  writeOutput?: (text: string) => void;
  /** Characters of a line on the screen that it goes to; without it, there is no screen. */
  screenColumns?: () => number | null;
  /** `os.exit` was called. */
  onExit?: (code: number) => void;
  /** Recovery has come so far; for progress bars. */
  onProgress?: (stage: 'snapshot' | 'log', rows: number, fraction: number) => void;
  /**
   * The spaces of the schema are there, nothing has been recovered: the moment for triggers that see every row. Called
   * again for another engine, if the data are got anew.
   */
  onSchemaInit?: (box: Box) => void;
  /**
   * The engine is there and no door is open yet: what others may only see in place is put there. The instance may be
   * stopped from now on; its start fails then.
   */
  onEngineReady?: (box: Box, instance: Instance) => void | Promise<void>;
  /** The instance cannot go on: the process should end. */
  onFailure: (error: Error) => void;
}>;

const COLLECT_PERIOD_MS = 100;

export class Instance {
  readonly env: Env;
  readonly options: InstanceOptions;
  readonly storage: Storage;
  readonly replication: Replication;
  /** Not in use if `functionBodies` were given: then somebody else has a Lua of its own. */
  readonly lua: InstanceLua;
  readonly #log: Logger;
  readonly #server: IprotoServer;
  readonly #daemon: CheckpointDaemon;
  readonly #events: InstanceEvents;
  readonly #monitoring: Monitoring;
  readonly #timers: TimerHandle[] = [];
  #dynamic: DynamicOptions;
  #addresses: Address[] = [];
  #stopping: Promise<void> | null = null;
  #consensus: Consensus | null = null;

  private constructor(
    env: Env,
    options: InstanceOptions,
    storage: Storage,
    replication: Replication,
    server: IprotoServer,
    lua: InstanceLua,
    log: Logger,
    fail: (error: unknown) => void,
  ) {
    this.env = env;
    this.options = options;
    this.#dynamic = options;
    this.storage = storage;
    this.replication = replication;
    this.#server = server;
    this.lua = lua;
    this.#log = log;
    this.#events = new InstanceEvents(env, storage, replication.members);
    this.#monitoring = new Monitoring(this, fail);
    this.#daemon = new CheckpointDaemon(env, new Logger(env.log, 'checkpoint'), storage, options);
  }

  /** Starts an instance. Rejects with StartError, CorruptionError, FileError, NetworkError or BoxError. */
  static async start(env: Env, options: InstanceOptions, handlers: InstanceHandlers): Promise<Instance> {
    if (options.replication.isAnonymous) checkAnonymous(options.readOnly);
    checkConsensus(options);
    const log = new Logger(env.log, 'main');
    const fail = (error: unknown): void =>
      handlers.onFailure(error instanceof Error ? error : new Error(String(error)));
    const writeOutput = handlers.writeOutput ?? ((text: string): void => log.info(text.trimEnd()));
    const exit = handlers.onExit ?? ((): void => log.error('os.exit() was called; only a command can end its process'));
    const screenColumns = handlers.screenColumns ?? ((): null => null);
    const lua = new InstanceLua(env, options, { writeOutput, exit, screenColumns });
    const script = options.script === null ? null : await loadScript(env, options.script, lua);
    const members = new Members();
    let instance: Instance | null = null;
    const replication = new Replication({
      env,
      members,
      options: options.replication,
      isReadOnlyConfigured: () => (instance === null ? options.readOnly : instance.#dynamic.readOnly),
      onStatusChange: () => {
        if (instance !== null) instance.#decideReadOnly();
      },
      onFailure: fail,
    });
    const opening = await openDoors(env, options, replication, fail, (onEngines) =>
      openStorage(env, options, members, {
        keyFunctions: new KeyFunctions(
          [...(handlers.keyFunctions ?? []), ...(script?.keyFunctions() ?? [])],
          handlers.functionBodies ?? lua.functionBodies,
        ),
        onSchemaInit: (box) => {
          box.onTriggerFailure = (error) => log.error(`a trigger failed: ${String(error)}`);
          handlers.onSchemaInit?.(box);
          script?.schemaInit(box);
        },
        ...onEngines,
        onControlRow: (row) => replication.recoverRow(row),
        controlRows: () => replication.controlRows(),
        bootstrap: (engine) => replication.bootstrap(engine),
        isLeftBehind: (vclock) => replication.isLeftBehind(vclock),
        rejoin: (vclock, engine) => replication.rejoin(vclock, engine),
        onProgress: handlers.onProgress ?? (() => undefined),
        onFailure: fail,
      }),
    );
    const { storage, server } = opening;
    instance = new Instance(env, options, storage, replication, server, lua, log, fail);
    instance.#addresses = [...opening.addresses];
    storage.box.control = instance.#control();
    if (handlers.functionBodies === undefined) lua.attach(instance);
    try {
      instance.#decideReadOnly();
      if (options.httpListen !== null) await instance.#monitoring.listen(options.httpListen);
      await handlers.onEngineReady?.(storage.box, instance);
      await instance.#replicate();
      await instance.#joinGroup(fail);
      await script?.start(storage.box);
      instance.#events.start();
      const { listen, adminSocket } = options;
      if (listen !== null && instance.#addresses.length === 0) await instance.listen(addressOf(listen));
      if (adminSocket !== null) await lua.openAdminSocket(adminSocket);
      instance.#startTimers();
    } catch (error) {
      await instance.stop();
      throw error;
    }
    return instance;
  }

  get box(): Box {
    return this.storage.box;
  }

  /** Where it listens. */
  get addresses(): readonly Address[] {
    return this.#addresses;
  }

  /** Where it serves metrics over HTTP. */
  get httpAddress(): Address | null {
    return this.#monitoring.address;
  }

  /** Accepts connections at this address and no other; null: at none. Those that are there stay. Rejects with NetworkError. */
  async listen(address: Address | null): Promise<void> {
    await this.#server.stopListening();
    this.#addresses = [];
    if (address !== null) this.#addresses.push(await this.#server.listen(address));
  }

  /** Goes by other options from now on. Throws BoxError for a value that cannot be taken. */
  reconfigure(changes: Partial<DynamicOptions>): void {
    if (changes.readOnly === false && this.replication.options.isAnonymous) {
      throw boxError('CFG', 'read_only', 'the value may be set to false only when replication_anon is false');
    }
    if (changes.memtxMemoryBytes !== undefined) this.storage.setMemoryQuota(changes.memtxMemoryBytes);
    this.#dynamic = { ...this.#dynamic, ...changes };
    const { checkpointCount, netMsgMax } = this.#dynamic;
    this.#decideReadOnly();
    this.storage.collector.checkpointCount = checkpointCount;
    this.#server.netMessagesMax = netMsgMax;
    this.#daemon.options = this.#dynamic;
  }

  /** Replicates by other options from now on. Rejects with ER_CFG. */
  async reconfigureReplication(changes: Partial<ReplicationOptions>): Promise<void> {
    if (changes.isAnonymous === true && !this.replication.options.isAnonymous) {
      checkAnonymous(this.#dynamic.readOnly);
      throw boxError('CFG', 'replication_anon', 'cannot be turned on after bootstrap has finished');
    }
    await this.replication.reconfigure(changes);
  }

  /** Follows its masters, serves its replicas, and waits until it is up to date. */
  async #replicate(): Promise<void> {
    const { box, logClient, collector, directory, source } = this.storage;
    const isLogged = this.options.walMode !== 'none';
    this.replication.attach({ box, logClient, collector, directory, source, isLogged });
    this.#server.isLoading = false;
    this.replication.delayCleanup(this.options.walCleanupDelaySeconds * 1000);
    await this.replication.synchronize();
  }

  /** Takes part in its group, in the background if others have to be heard first. */
  async #joinGroup(onFailure: (error: Error) => void): Promise<void> {
    const { raft: options, trust, dataDir } = this.options;
    if (options === null) return;
    const [memory] = this.storage.memories;
    const credentials = trust.kind === 'closed' ? { user: SERVICE_USER_NAME, password: trust.cookie } : null;
    const { env, box } = this;
    this.#consensus = new Consensus({ env, box, memory, dataDir, options, credentials, onFailure });
    await this.#consensus.start();
  }

  /** Null: it belongs to no group, or has not come so far. */
  get consensus(): Consensus | null {
    return this.#consensus;
  }

  /** The group's log, and operations through it. Throws UNINITIALIZED if the instance belongs to no group. */
  get raft(): Consensus {
    if (this.#consensus !== null) return this.#consensus;
    throw clusterError('UNINITIALIZED', "the instance was started without 'raft'");
  }

  #decideReadOnly(): void {
    const { options, isOrphan, isLedByOthers } = this.replication;
    this.box.statements.isReadOnly = this.#dynamic.readOnly || options.isAnonymous || isOrphan || isLedByOthers;
  }

  /** Makes a snapshot now. */
  async checkpoint(): Promise<void> {
    await this.#daemon.checkpointNow();
  }

  /** Stops cleanly: open replies are sent, the log is closed. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await runShutdownHooks(this.env, this.#log, this.box.onShutdown);
    await this.#events.shutDown();
    for (const timer of this.#timers) timer.cancel();
    await this.#daemon.stop();
    await this.#consensus?.stop();
    await this.#monitoring.stop();
    await this.lua.stop();
    await this.replication.stop();
    await this.#server.stop();
    await this.storage.stop(this.env);
    this.#log.info('stopped');
  }

  #control(): InstanceControl {
    const { checkpointer, collector, instanceUuid } = this.storage;
    const backup = new Backup(collector);
    return {
      snapshot: () => this.checkpoint(),
      memory: () => this.storage.memoryUse(),
      startBackup: (checkpointsBack) => backup.start(checkpointsBack),
      stopBackup: () => backup.stop(),
      garbage: () => ({
        isCheckpointInProgress: checkpointer.isRunning,
        isBackupInProgress: backup.isInProgress,
        checkpoints: collector.checkpoints().map(({ signature, vclock }) => {
          return { signature, vclock, isPinned: collector.isPinned(signature) };
        }),
      }),
      promote: () => this.replication.promote(),
      demote: () => this.replication.demote(),
      clearSynchroQueue: () => this.replication.queue.clear(),
      replication: () => replicationInformation(this.replication, this.box.vclock(), this.env.clock.monotonicMs()),
      uuid: instanceUuid,
    };
  }

  #startTimers(): void {
    this.#daemon.start();
    const collect = (): void => {
      const more = this.storage.collectMemory(this.env.clock.monotonicMs());
      this.#timers[0] = this.env.timers.after(more ? 1 : COLLECT_PERIOD_MS, collect);
    };
    this.#timers[0] = this.env.timers.after(COLLECT_PERIOD_MS, collect);
  }
}

/** Throws StartError for a group that the instance cannot belong to as it is. */
function checkConsensus({ raft, trust, walMode }: InstanceOptions): void {
  if (raft === null) return;
  try {
    checkConsensusOptions(raft);
  } catch (error) {
    throw error instanceof StartConflict ? new StartError(error.message) : error;
  }
  if (walMode === 'none') throw new StartError('raft: a member keeps its log on disk, so walMode cannot be none');
  if (trust.kind !== 'stored') return;
  throw new StartError("raft: members have to trust each other: trust must be 'open', or the same cookie on all");
}

/** Who is no member can give its rows no numbers. */
function checkAnonymous(isReadOnly: boolean): void {
  if (isReadOnly) return;
  throw boxError('CFG', 'replication_anon', 'the value may be set to true only when the instance is read-only');
}

/** One line that says what went wrong at start, and where. */
export function startFailureText(error: unknown): string {
  if (error instanceof CorruptionError) return `${error.message}; the directory is left as it is`;
  if (error instanceof FileError) return error.message;
  if (error instanceof BoxError) return `${error.message} (error ${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

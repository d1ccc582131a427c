/**
 * An instance: storage, doors and the timers between them, built from an Env. The command line and the simulator start
 * the same code.
 * Phases of start: key functions of the script, storage (recovery included), procedures, doors. Phases of stop, in reverse: who asked to be told is
 * told, doors close, what was promised is written, the directory is let go.
 */
import type { KeyFunctionDefinition } from '../app/procedures/index.ts';
import { BoxError, CorruptionError } from '../base/index.ts';
import type { Box, InstanceControl } from '../engine/box/index.ts';
import { type Address, type Env, FileError, Logger, type TimerHandle } from '../env/index.ts';
import { TARANTOOL_VERSION } from '../base/index.ts';
import { IprotoServer } from '../server/iproto/index.ts';
import type { InstanceOptions } from './options.ts';
import { InstanceEvents } from './events.ts';
import { KeyFunctions } from './key-functions.ts';
import { Script } from './scripts.ts';
import { openStorage, type Storage } from './storage.ts';
import { Backup } from './backup.ts';
import { CheckpointDaemon } from './checkpoint-daemon.ts';
import { runShutdownHooks } from './shutdown.ts';

/** What the instance tells whoever started it. */
export type InstanceHandlers = Readonly<{
  /** Beside those of the script. */
  keyFunctions?: readonly KeyFunctionDefinition[];
  /** Recovery has come so far; for progress bars. */
  onProgress?: (stage: 'snapshot' | 'log', rows: number, fraction: number) => void;
  /** The spaces of the schema are there, nothing has been recovered: the moment for triggers that see every row. */
  onSchemaInit?: (box: Box) => void;
  /** The engine is there and no door is open yet: what others may only see in place is put there. */
  onEngineReady?: (box: Box) => void | Promise<void>;
  /** The instance cannot go on: the process should end. */
  onFailure: (error: Error) => void;
}>;

const COLLECT_PERIOD_MS = 100;

export class Instance {
  readonly env: Env;
  readonly options: InstanceOptions;
  readonly storage: Storage;
  readonly #log: Logger;
  readonly #server: IprotoServer | null;
  readonly #daemon: CheckpointDaemon;
  readonly #events: InstanceEvents;
  readonly #timers: TimerHandle[] = [];
  #addresses: Address[] = [];
  #stopping: Promise<void> | null = null;

  private constructor(env: Env, options: InstanceOptions, storage: Storage, server: IprotoServer | null, log: Logger) {
    this.env = env;
    this.options = options;
    this.storage = storage;
    this.#server = server;
    this.#log = log;
    this.#events = new InstanceEvents(env, storage);
    this.#daemon = new CheckpointDaemon(env, new Logger(env.log, 'checkpoint'), storage, options);
  }

  /** Starts an instance. Rejects with StartError, CorruptionError, FileError, NetworkError or BoxError. */
  static async start(env: Env, options: InstanceOptions, handlers: InstanceHandlers): Promise<Instance> {
    const log = new Logger(env.log, 'main');
    const fail = (error: unknown): void =>
      handlers.onFailure(error instanceof Error ? error : new Error(String(error)));
    const script = options.script === null ? null : await Script.load(env, options.script);
    const storage = await openStorage(env, options, {
      keyFunctions: new KeyFunctions([...(handlers.keyFunctions ?? []), ...(script?.keyFunctions() ?? [])]),
      onSchemaInit: (box) => {
        box.onTriggerFailure = (error) => log.error(`a trigger failed: ${String(error)}`);
        handlers.onSchemaInit?.(box);
        script?.schemaInit(box);
      },
      onProgress: handlers.onProgress ?? (() => undefined),
      onFailure: fail,
    });
    const { listen } = options;
    const server =
      listen === null
        ? null
        : new IprotoServer(env, storage.box, {
            instanceUuid: storage.instanceUuid,
            version: TARANTOOL_VERSION,
            netMessagesMax: options.netMsgMax,
            onFailure: fail,
          });
    const instance = new Instance(env, options, storage, server, log);
    storage.box.control = instance.#control();
    try {
      storage.box.statements.isReadOnly = options.readOnly;
      await handlers.onEngineReady?.(storage.box);
      await script?.start(storage.box);
      instance.#events.start();
      if (server !== null && listen !== null) {
        instance.#addresses.push(await server.listen({ kind: 'tcp', host: listen.host, port: listen.port }));
      }
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
    if (this.#server !== null) await this.#server.stop();
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
        checkpoints: collector.checkpoints().map((signature) => {
          return { signature, isPinned: collector.isPinned(signature) };
        }),
      }),
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

/** One line that says what went wrong at start, and where. */
export function startFailureText(error: unknown): string {
  if (error instanceof CorruptionError) return `${error.message}; the directory is left as it is`;
  if (error instanceof FileError) return error.message;
  if (error instanceof BoxError) return `${error.message} (error ${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

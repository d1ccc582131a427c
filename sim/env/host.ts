/**
 * A simulated machine: a disk that outlives its instances, and at most one running instance.
 *
 * Guarantees: after `kill` or `crash` nothing of the old instance has any effect any more, not even code that runs at
 * that moment; `kill` (the process dies, the system stays) keeps all of the disk, `crash` (power is lost) keeps what
 * was durable and chance parts of the rest.
 */
import { assert } from '../../src/base/index.ts';
import type { DirectoryLock, Env, LogLevel, Signal } from '../../src/env/index.ts';
import { Disk } from './disk.ts';
import { FileFaults } from './file-faults.ts';
import { SimulatedInstance } from './instance.ts';
import type { SimulatedThread } from './thread.ts';
import type { SimulatedWorld } from './world.ts';

export type HostOptions = Readonly<{
  /** Of the disk; unlimited if absent. */
  capacityBytes?: number;
  /** How long a sync takes at most; 2 if absent. */
  longestSyncMs?: number;
}>;

export type LogRecord = Readonly<{
  atMs: number;
  level: LogLevel;
  module: string;
  message: string;
  fields: Readonly<Record<string, string | number | boolean>>;
}>;

const LOG_RECORDS = 20_000;

export class SimulatedHost {
  readonly world: SimulatedWorld;
  readonly name: string;
  readonly faults: FileFaults;
  /** What `Scripts.importModule` finds, by path. */
  readonly modules = new Map<string, Readonly<Record<string, unknown>>>();
  /** How far the calendar of this machine is ahead; may be set at any time. */
  clockSkewSeconds = 0;
  capacityBytes: number;
  readonly #longestSyncMs: number;
  #disk: Disk;
  #instance: SimulatedInstance | null = null;
  #bootCount = 0;
  #isPowered = true;
  #log: LogRecord[] = [];
  readonly #locks = new Map<string, SimulatedThread>();

  /** `device` is the number of its disk. */
  constructor(world: SimulatedWorld, name: string, device: number, options: HostOptions) {
    this.world = world;
    this.name = name;
    this.capacityBytes = options.capacityBytes ?? Infinity;
    this.#longestSyncMs = options.longestSyncMs ?? 2;
    this.faults = new FileFaults(world.random);
    this.#disk = new Disk(device);
  }

  /** The disk as it is now. */
  get disk(): Disk {
    return this.#disk;
  }

  /** Whether the machine has power: its system answers, with or without an instance. */
  get isUp(): boolean {
    return this.#isPowered;
  }

  /** Whether an instance runs. */
  get isRunning(): boolean {
    return this.#instance !== null;
  }

  /** What instances of this machine logged, oldest first; the newest 20,000 records at most. */
  get log(): readonly LogRecord[] {
    return this.#log;
  }

  addLogRecord(record: LogRecord): void {
    this.#log.push(record);
    if (this.#log.length > LOG_RECORDS) this.#log = this.#log.slice(LOG_RECORDS / 2);
  }

  /** Boots: the ports of a new instance. The one before must have ended. */
  createEnv(options: Readonly<{ logLevel?: LogLevel }> = {}): Env {
    assert(this.#instance === null, `an instance runs on ${this.name}`);
    this.#isPowered = true;
    this.#instance = new SimulatedInstance(this, ++this.#bootCount);
    return this.#instance.createEnv(options.logLevel ?? 'info');
  }

  /** The process dies, as by SIGKILL. Its connections are closed by the system; the disk has all that was written. */
  kill(): void {
    const instance = this.#instance;
    if (instance === null) return;
    this.world.trace(`kill ${this.name}`);
    this.#instance = null;
    this.#disk = this.#disk.copy();
    for (const stream of this.world.internet.streamsOf(instance.mainThread)) stream.closeByKill();
    instance.endAll();
  }

  /** The machine loses power. Others hear nothing from it; the disk has what was durable and parts of the rest. */
  crash(): void {
    this.world.trace(`crash ${this.name}`);
    const instance = this.#instance;
    this.#instance = null;
    this.#isPowered = false;
    this.#disk = this.#disk.afterCrash(this.world.random);
    if (instance === null) return;
    for (const stream of this.world.internet.streamsOf(instance.mainThread)) stream.vanish();
    instance.endAll();
  }

  /** Sends a signal to the instance; one that it does not handle kills it. */
  signal(signal: Signal): void {
    if (this.#instance?.signal(signal) === false) this.kill();
  }

  /** The instance does nothing for so long. */
  freeze(durationMs: number): void {
    this.#instance?.freeze(durationMs);
  }

  syncDelayMs(): number {
    return this.world.randomDelayMs(0, this.#longestSyncMs);
  }

  /** For the Files port. */
  lockDirectory(path: string, thread: SimulatedThread): DirectoryLock | null {
    if (this.#locks.get(path)?.isAlive === true) return null;
    this.#locks.set(path, thread);
    return {
      release: () => {
        if (this.#locks.get(path) === thread) this.#locks.delete(path);
      },
    };
  }
}

/**
 * The simulated server: a machine, and on it the very Instance that `picodata run` starts, boot after boot.
 * Its disk may fail while the faults of a phase hold; what the instance may not survive is named here.
 */
import { BoxError } from '../../../src/base/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance, type InstanceOptions } from '../../../src/instance/index.ts';
import type { SimulatedHost, SimulatedWorld } from '../../env/index.ts';
import { tailOf, xlogsOf } from '../common/disk-inspection.ts';
import { ViolationError } from '../common/violation.ts';
import type { RunCounts } from './counts.ts';

export const DATA_DIRECTORY = '/data';
export const PORT = 3301;
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 60_000;

export type ServerSettings = Readonly<{
  walMode: 'write' | 'fsync';
  walMaxSizeBytes: number;
  checkpointCount: number;
  checkpointWalThresholdBytes: number;
}>;

/** How an attempt to start ended. */
export type StartOutcome =
  | Readonly<{ kind: 'started'; instance: Instance }>
  /** The process or the machine ended meanwhile. */
  | Readonly<{ kind: 'ended' }>
  | Readonly<{ kind: 'failed'; error: Error }>;

export class SimulatedServer {
  readonly host: SimulatedHost;
  readonly settings: ServerSettings;
  readonly #world: SimulatedWorld;
  readonly #counts: RunCounts;
  #instance: Instance | null = null;
  /** Faults that may break the log are, or were since the start, in force. */
  mayBreakLog = false;
  #unexpected: Error | null = null;

  constructor(world: SimulatedWorld, host: SimulatedHost, settings: ServerSettings, counts: RunCounts) {
    this.#world = world;
    this.host = host;
    this.settings = settings;
    this.#counts = counts;
  }

  get instance(): Instance | null {
    return this.host.isRunning ? this.#instance : null;
  }

  /** A failure that no fault explains; null if all is well. */
  get unexpected(): Error | null {
    return this.#unexpected;
  }

  /** Boots the machine if need be and starts the instance. `endAtMs`: something else may end it meanwhile. */
  async start(forceRecovery: boolean): Promise<StartOutcome> {
    if (tailOf(xlogsOf(this.host, DATA_DIRECTORY).at(-1)?.bytes ?? null) === 'torn') this.#counts.tornTails++;
    this.#instance = null;
    this.mayBreakLog = false;
    const env = this.host.createEnv();
    let outcome: StartOutcome | null = null;
    Instance.start(env, this.#options(forceRecovery), { onFailure: (error) => this.#failed(error) }).then(
      (instance) => {
        outcome = { kind: 'started', instance };
      },
      (error: unknown) => {
        outcome = { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
      },
    );
    const isOver = (): boolean => outcome !== null || !this.host.isRunning;
    if (!(await this.#world.runUntil(isOver, START_MS_MAX))) throw new ViolationError('the instance does not start');
    const ended = (outcome ?? { kind: 'ended' }) as StartOutcome;
    if (!this.host.isRunning) return { kind: 'ended' };
    if (ended.kind === 'started') this.#instance = ended.instance;
    else this.host.kill();
    return ended;
  }

  /** Stops cleanly; false if the process ended otherwise. */
  async stop(): Promise<boolean> {
    const instance = this.instance;
    if (instance === null) return false;
    let hasStopped = false;
    void instance.stop().then(() => {
      hasStopped = true;
    });
    const isOver = (): boolean => hasStopped || !this.host.isRunning;
    if (!(await this.#world.runUntil(isOver, STOP_MS_MAX))) throw new ViolationError('the instance does not stop');
    this.host.kill();
    return hasStopped;
  }

  /** Makes a snapshot, whatever comes of it. */
  checkpoint(): void {
    this.instance?.checkpoint().then(
      () => {
        this.#counts.snapshots++;
      },
      (error: unknown) => {
        if (!(error instanceof BoxError)) this.#unexpected ??= new Error('a checkpoint failed', { cause: error });
        else this.#counts.failedSnapshots++;
      },
    );
  }

  #failed(error: Error): void {
    if (this.mayBreakLog && error.name === 'LogBrokenError') {
      this.#counts.brokenLogs++;
    } else this.#unexpected ??= new Error('the instance failed', { cause: error });
    this.host.kill();
  }

  #options(forceRecovery: boolean): InstanceOptions {
    return {
      ...DEFAULT_INSTANCE_OPTIONS,
      ...this.settings,
      dataDir: DATA_DIRECTORY,
      listen: { host: '0.0.0.0', port: PORT },
      trust: { kind: 'open' },
      checkpointIntervalSeconds: 0,
      forceRecovery,
    };
  }
}

/**
 * A member of the simulated replica set: a machine, and on it the very Instance that `picodata run` starts, boot after
 * boot. When its directory is given up the next boot begins with an empty one, under the same name.
 */
import { BoxError } from '../../../../src/base/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance, type InstanceOptions } from '../../../../src/instance/index.ts';
import { DEFAULT_REPLICATION_OPTIONS } from '../../../../src/replication/index.ts';
import type { SimulatedHost } from '../../../env/index.ts';
import { filesOf, tailOf, xlogsOf } from '../disk-inspection.ts';
import type { MemberCounts } from './counts.ts';
import type { MemberPlan, MemberSettings } from './plan.ts';

export const PORT = 3301;

export type MemberStatus = 'down' | 'starting' | 'up';

export class SimulatedMember {
  readonly plan: MemberPlan;
  readonly host: SimulatedHost;
  readonly #settings: MemberSettings;
  readonly #counts: MemberCounts;
  isAnonymous: boolean;
  #instance: Instance | null = null;
  #status: MemberStatus = 'down';
  /** Counts boots; what a client saw in one life need not be so in the next. */
  life = 0;
  #directoryNumber = 1;
  /** The power was cut since the directory was begun. */
  hasLostPower = false;
  /** A fault that may break the log is in force. */
  hasBreakingFault = false;
  /** One is, or was since the boot. */
  #mayBreakLog = false;
  /** Why the last start failed; null if it did not. */
  startFailure: Error | null = null;
  sources: readonly string[] = [];
  /** Its masters while its directory is empty. */
  joinsFrom: readonly string[];
  /** Its machine is gone for good. */
  isLost = false;
  /** Whoever operates the replica set keeps it from being booted. */
  isHeld = false;
  /** Told of each instance that is up. */
  onUp: (instance: Instance) => void = () => undefined;
  #unexpected: Error | null = null;

  constructor(host: SimulatedHost, plan: MemberPlan, settings: MemberSettings, counts: MemberCounts) {
    this.host = host;
    this.plan = plan;
    this.#settings = settings;
    this.#counts = counts;
    this.isAnonymous = plan.isAnonymous;
    this.joinsFrom = plan.joinsFrom;
  }

  get name(): string {
    return this.plan.name;
  }

  get status(): MemberStatus {
    return this.host.isRunning ? this.#status : 'down';
  }

  /** The instance that is up; null while there is none. */
  get instance(): Instance | null {
    return this.status === 'up' ? this.#instance : null;
  }

  /** A failure that no fault explains; null if all is well. */
  get unexpected(): Error | null {
    return this.#unexpected;
  }

  get directory(): string {
    return `/data${this.#directoryNumber}`;
  }

  /** Whether a start finds data. */
  get hasState(): boolean {
    return filesOf(this.host, this.directory).some(({ name }) => name.endsWith('.snap'));
  }

  /** Lets a fault hold that may break the log, until the disk is healed. */
  setBreakingFault(): void {
    this.hasBreakingFault = true;
    this.#mayBreakLog = true;
  }

  boot(sources: readonly string[]): void {
    if (tailOf(xlogsOf(this.host, this.directory).at(-1)?.bytes ?? null) === 'torn') this.#counts.tornTails++;
    const life = ++this.life;
    this.#mayBreakLog = this.hasBreakingFault;
    this.startFailure = null;
    this.sources = sources;
    this.#status = 'starting';
    const isCurrent = (): boolean => this.life === life && this.host.isRunning;
    const env = this.host.createEnv();
    Instance.start(env, this.#options(), { onFailure: (error) => isCurrent() && this.#failed(error) }).then(
      (instance) => {
        if (!isCurrent()) return;
        this.#instance = instance;
        this.#status = 'up';
        this.onUp(instance);
      },
      (error: unknown) => {
        if (!isCurrent()) return;
        this.startFailure = error instanceof Error ? error : new Error(String(error));
        this.#counts.failedStarts++;
        this.host.kill();
      },
    );
  }

  /** The process dies, or the machine loses power. */
  end(how: 'kill' | 'crash'): void {
    const { host } = this;
    if (!host.isRunning && how === 'kill') return;
    if (host.isRunning) {
      if (!this.hasState && this.plan.joinsFrom.length > 0) this.#counts.endsDuringJoin++;
      if (this.#isFollowing()) this.#counts.endsDuringFollow++;
    }
    if (how === 'kill') {
      this.#counts.kills++;
      host.kill();
    } else {
      host.crash();
    }
  }

  /** The next boot finds an empty directory. */
  giveUpDirectory(): void {
    this.#directoryNumber++;
    this.hasLostPower = false;
  }

  /** Makes a snapshot, whatever comes of it. */
  checkpoint(): void {
    this.instance?.checkpoint().then(
      () => {
        this.#counts.snapshots++;
      },
      (error: unknown) => {
        if (!(error instanceof BoxError)) this.fail(new Error('a checkpoint failed', { cause: error }));
      },
    );
  }

  fail(error: Error): void {
    this.#unexpected ??= error;
  }

  #isFollowing(): boolean {
    return this.instance?.replication.upstreams.appliers.some(({ status }) => status === 'follow') ?? false;
  }

  #failed(error: Error): void {
    if (this.#mayBreakLog && error.name === 'LogBrokenError') this.#counts.brokenLogs++;
    else this.fail(new Error(`${this.name} failed`, { cause: error }));
    this.host.kill();
  }

  #options(): InstanceOptions {
    const settings = this.#settings;
    return {
      ...DEFAULT_INSTANCE_OPTIONS,
      dataDir: this.directory,
      listen: { host: '0.0.0.0', port: PORT },
      instanceId: this.name,
      trust: { kind: 'open' },
      walMode: this.plan.walMode,
      walMaxSizeBytes: settings.walMaxSizeBytes,
      checkpointCount: settings.checkpointCount,
      checkpointWalThresholdBytes: settings.checkpointWalThresholdBytes,
      checkpointIntervalSeconds: 0,
      readOnly: !this.plan.isWriter,
      walCleanupDelaySeconds: settings.walCleanupDelaySeconds,
      replication: {
        ...DEFAULT_REPLICATION_OPTIONS,
        sources: addressesOf(this.sources),
        isAnonymous: this.isAnonymous,
        connectTimeoutMs: settings.connectTimeoutMs,
        timeoutMs: settings.timeoutMs,
        syncTimeoutMs: 4 * settings.connectTimeoutMs,
        skipsConflicts: settings.skipsConflicts,
        feedBytesMax: settings.feedBytesMax,
        queuedBytesMax: settings.queuedBytesMax,
        ...this.plan.replication,
        // With less than all of them two could begin a replica set each.
        ...(this.hasState || this.sources.length === 1 ? {} : { connectQuorum: null }),
      },
    };
  }
}

export function addressesOf(names: readonly string[]): readonly string[] {
  return names.map((name) => `${name}:${PORT}`);
}

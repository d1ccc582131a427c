/**
 * A member of the simulated group: a machine, and on it the very Instance that `picodata run` starts, boot after boot.
 * When its directory is given up the next boot begins with an empty one, under a new id.
 */
import { createLocalApi, type LocalApi } from '../../../src/app/procedures/index.ts';
import { BoxError } from '../../../src/base/index.ts';
import type { MemberAddress } from '../../../src/cluster/raftnode/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance, type InstanceOptions } from '../../../src/instance/index.ts';
import type { SimulatedHost } from '../../env/index.ts';
import { filesOf, type FoundFile, hasLost, tailOf, xlogsOf } from '../common/disk-inspection.ts';
import { restoreDirectory, type RestoreManner } from '../common/restored-directory.ts';
import { EXPELLED, PROPERTY } from './contract.ts';
import { isDiskFailure } from '../common/start-failures.ts';
import type { RunCounts } from './counts.ts';
import type { Door, Session } from './door.ts';
import type { MemberPlan, Settings } from './settings.ts';

export const PORT = 3301;

export class GroupMember implements Door {
  readonly host: SimulatedHost;
  readonly plan: MemberPlan;
  readonly #settings: Settings;
  readonly #counts: RunCounts;
  readonly #onUp: (instance: Instance, member: GroupMember) => void;
  /** 0: it belongs to no group. */
  id: number;
  /** Who makes the group with it; empty: it waits until it is added. */
  founders: readonly MemberAddress[];
  /** Counts boots. */
  life = 0;
  #directoryNumber = 1;
  #instance: Instance | null = null;
  #session: Session | null = null;
  #end: () => void = () => undefined;
  /** Its directory was put back as it had been before: it may be refused by the others. */
  isRestored = false;
  /** A copy of its directory was started elsewhere: the others may believe that one. */
  wasCopied = false;
  /** Its directory is of no use any more: it has to join anew under another id. */
  isLost = false;
  hasLostPower = false;
  hasBreakingFault = false;
  hasFailingDisk = false;
  #mayBreakLog = false;
  /** Its log may have refused something in this life, and taken back what followed from it. */
  mayTakeBack = false;
  startFailure: Error | null = null;
  unexpected: Error | null = null;

  constructor(
    host: SimulatedHost,
    plan: MemberPlan,
    settings: Settings,
    counts: RunCounts,
    onUp: (instance: Instance, member: GroupMember) => void,
  ) {
    this.host = host;
    this.plan = plan;
    this.#settings = settings;
    this.#counts = counts;
    this.#onUp = onUp;
    this.id = 0;
    this.founders = [];
  }

  get name(): string {
    return this.plan.name;
  }

  /** Whose life it is. */
  get label(): string {
    return `${this.name} (id ${this.id}, life ${this.life})`;
  }

  get address(): string {
    return `${this.name}:${PORT}`;
  }

  get directory(): string {
    return `/data${this.#directoryNumber}`;
  }

  /** The instance that is up; null while there is none. */
  get instance(): Instance | null {
    return this.host.isRunning ? this.#instance : null;
  }

  session(): Session | null {
    return this.instance === null ? null : this.#session;
  }

  setBreakingFault(): void {
    this.hasBreakingFault = true;
    this.#mayBreakLog = true;
  }

  boot(): void {
    if (tailOf(xlogsOf(this.host, this.directory).at(-1)?.bytes ?? null) === 'torn') this.#counts.tornTails++;
    const life = ++this.life;
    this.#instance = null;
    this.#mayBreakLog = this.hasBreakingFault;
    this.mayTakeBack = this.hasFailingDisk;
    this.startFailure = null;
    const isCurrent = (): boolean => this.life === life && this.host.isRunning;
    const env = this.host.createEnv();
    Instance.start(env, this.#options(), { onFailure: (error) => isCurrent() && this.#failed(error) }).then(
      (instance) => {
        if (isCurrent()) this.#up(instance);
      },
      (error: unknown) => {
        if (!isCurrent()) return;
        this.startFailure = error instanceof Error ? error : new Error(String(error));
        this.#counts.failedStarts++;
        this.host.kill();
      },
    );
  }

  /** Whoever watches the machine has seen that it does not run. */
  noteEnd(): void {
    this.#instance = null;
    this.#session = null;
    this.#end();
  }

  /** The process dies, or the machine loses power. */
  end(how: 'kill' | 'crash'): void {
    if (how === 'kill') {
      if (!this.host.isRunning) return;
      this.#counts.kills++;
      this.host.kill();
      return;
    }
    if (!this.host.isUp) return;
    const before = this.files();
    this.hasLostPower = true;
    this.#counts.powerCuts++;
    this.host.crash();
    if (hasLost(before, this.files())) this.#counts.lostSyncs++;
  }

  /** What its directory holds. */
  files(): readonly FoundFile[] {
    return filesOf(this.host, this.directory);
  }

  /** The next boot finds an empty directory, and has another id. */
  beginAnew(id: number): void {
    this.#directoryNumber++;
    this.id = id;
    this.founders = [];
    this.isLost = false;
    this.isRestored = false;
    this.wasCopied = false;
    this.hasLostPower = false;
  }

  /** Puts the directory back as it was. Only while it does not run. */
  restore(files: readonly FoundFile[], manner: RestoreManner): void {
    const { disk, world } = this.host;
    restoreDirectory(disk, this.directory, files, manner, world.startSeconds + world.nowMs / 1000);
    this.isRestored = true;
  }

  /** Becomes a copy of another member, with these files, on this machine. */
  impersonate({ id, founders }: GroupMember, files: readonly FoundFile[]): void {
    this.beginAnew(id);
    this.founders = founders;
    this.restore(files, 'new directory');
  }

  /** Whether it is up, and its directory is trusted. */
  isTakingPart(): boolean {
    return this.instance?.raft.isRunning === true;
  }

  checkpoint(): void {
    this.instance?.checkpoint().then(
      () => {
        this.#counts.checkpoints++;
      },
      (error: unknown) => {
        if (!(error instanceof BoxError)) this.unexpected ??= new Error('a checkpoint failed', { cause: error });
      },
    );
  }

  #up(instance: Instance): void {
    this.#instance = instance;
    this.#onUp(instance, this);
    const api = createLocalApi(instance.box, instance.box.adminSession);
    this.#session = {
      consensus: instance.raft,
      property: (key) => propertyOf(api, key),
      ended: new Promise((resolve) => {
        this.#end = resolve;
      }),
    };
  }

  #failed(error: Error): void {
    if (this.#mayBreakLog && error.name === 'LogBrokenError') this.#counts.brokenLogs++;
    else if (
      (this.isRestored || this.isLost || this.wasCopied) &&
      error instanceof BoxError &&
      error.code === EXPELLED
    ) {
      this.#counts.expelledDirectories++;
      this.isLost = true;
    } else if (this.mayTakeBack && isDiskFailure(error)) this.#counts.failedStarts++;
    else this.unexpected ??= new Error(`${this.label} failed`, { cause: error });
    this.host.kill();
  }

  #options(): InstanceOptions {
    const { consensus, walMaxSizeBytes, checkpointCount, checkpointWalThresholdBytes } = this.#settings;
    return {
      ...DEFAULT_INSTANCE_OPTIONS,
      dataDir: this.directory,
      listen: { host: '0.0.0.0', port: PORT },
      instanceId: `${this.name}-${this.id}`,
      trust: { kind: 'open' },
      walMode: this.plan.walMode,
      walMaxSizeBytes,
      checkpointCount,
      checkpointWalThresholdBytes,
      checkpointIntervalSeconds: 0,
      raft: { ...consensus, id: this.id, members: this.founders },
    };
  }
}

function propertyOf(api: LocalApi, key: string): string | null {
  const value = api.space(PROPERTY.name).get([key])?.[1] ?? null;
  return value === null ? null : String(value);
}

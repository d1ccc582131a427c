/**
 * The stage of a run: the world, the members on their machines, the clients' machine, and waiting for what is to happen.
 * Members that have ended are booted again, as systemd does; one that cannot go on with what it has is lost, and it is
 * the operator's to let it join anew.
 */
import { BoxError, ERROR_TABLE, SeededRandom } from '../../../src/base/index.ts';
import type { ConsensusStatus } from '../../../src/cluster/raftnode/index.ts';
import { runCheckpointWorker, runReadingWorker } from '../../../src/engine/checkpoint/index.ts';
import { runLogWorker } from '../../../src/engine/wal/index.ts';
import type { Env } from '../../../src/env/index.ts';
import type { Instance } from '../../../src/instance/index.ts';
import { runRelayWorker } from '../../../src/replication/index.ts';
import { SimulatedWorld, type SimulatedHost, type WorkerEntry, type WorldOptions } from '../../env/index.ts';
import { Play } from '../common/play.ts';
import { Shop } from '../common/shop.ts';
import { isDamage, isDiskFailure } from '../common/start-failures.ts';
import { ViolationError } from '../common/violation.ts';
import type { RunCounts } from './counts.ts';
import { GroupJournal } from './journal.ts';
import { GroupMember } from './member.ts';
import { Observer } from './observer.ts';
import { drawSettings, type MemberPlan, type Settings } from './settings.ts';

const WATCH_PERIOD_MS = 20;
const RESTART_MS = { least: 20, most: 1500 } as const;
const CLIENT_PAUSE_MS = 1200;
const TWIN_PLAN: MemberPlan = { name: 'twin', isWriter: true, walMode: 'fsync' };

export type RunOptions = WorldOptions &
  Readonly<{
    /** What runs as the log worker instead; for tests of the simulation itself, as what is changed of an instance. */
    logWorker?: WorkerEntry;
    onUp?: (instance: Instance, member: GroupMember) => void;
    /** No directory is doubted, wherever it comes from. */
    trustsDirectory?: boolean;
  }>;

export class Group extends Play<RunCounts> {
  readonly random: SeededRandom;
  readonly settings: Settings;
  readonly members: readonly GroupMember[];
  /** Starts as a copy of one of the members now and then; nobody looks after it. */
  readonly twin: GroupMember;
  readonly clients: SimulatedHost;
  readonly clientEnv: Env;
  readonly shop: Shop<RunCounts>;
  readonly journal = new GroupJournal();
  readonly #observer: Observer;
  readonly #bootsAtMs = new Map<GroupMember, number>();
  /** No fault is in force: what fails now fails by itself. */
  isCalm = true;
  #nextId = 1;
  #isStopped = false;
  #violation: Error | null = null;

  constructor(seed: number, options: RunOptions, counts: RunCounts) {
    let observer: Observer | null = null;
    const world = new SimulatedWorld(seed, {
      ...options,
      onTrace: (atMs, what) => {
        options.onTrace?.(atMs, what);
        observer?.onEvent(what);
      },
    });
    super(world, counts);
    world.registerWorkerEntry('log', options.logWorker ?? runLogWorker);
    world.registerWorkerEntry('checkpoint', runCheckpointWorker);
    world.registerWorkerEntry('recovery', runReadingWorker);
    world.registerWorkerEntry('relay', runRelayWorker);
    this.random = new SeededRandom(world.random.uint32());
    const { random } = this;
    const settings = drawSettings(random);
    const { trustsDirectory = false } = options;
    this.settings = { ...settings, consensus: { ...settings.consensus, trustsDirectory } };
    world.internet.setDelay(0.1, this.settings.longestDelayMs);
    const createMember = (plan: MemberPlan): GroupMember => {
      const host = world.addHost(plan.name, { longestSyncMs: random.pick([0.5, 2, 10]) });
      return new GroupMember(host, plan, this.settings, counts, (instance, member) => options.onUp?.(instance, member));
    };
    this.members = this.settings.plans.map(createMember);
    this.twin = createMember(TWIN_PLAN);
    this.clients = world.addHost('clients');
    this.clientEnv = this.clients.createEnv();
    this.shop = new Shop(counts, this.clientEnv.timers, new SeededRandom(random.uint32()), CLIENT_PAUSE_MS);
    this.#observer = new Observer(world, [...this.members, this.twin], this.journal, counts);
    observer = this.#observer;
  }

  protected override close(): void {
    this.#isStopped = true;
    this.#observer.stop();
  }

  override get failure(): unknown {
    const all = [...this.members, this.twin];
    const unexpected = all.find((member) => member.unexpected !== null)?.unexpected ?? null;
    return this.#violation ?? this.shop.failure ?? unexpected;
  }

  /** An id that no member ever had. */
  newId(): number {
    return this.#nextId++;
  }

  /** Boots the member, and again whenever it has ended. */
  enroll(member: GroupMember): void {
    this.#bootsAtMs.set(member, this.world.nowMs + this.random.below(50));
  }

  /** Leaves the member alone from now on. */
  dismiss(member: GroupMember): void {
    this.#bootsAtMs.delete(member);
    member.host.kill();
    member.noteEnd();
  }

  isEnrolled(member: GroupMember): boolean {
    return this.#bootsAtMs.has(member);
  }

  /** Begins to look after the members. */
  watch(): void {
    if (this.#isStopped) return;
    for (const [member, bootAtMs] of this.#bootsAtMs) this.#look(member, bootAtMs);
    this.world.schedule(this.world.nowMs + WATCH_PERIOD_MS, 'watch', null, () => this.watch());
  }

  /** What the members that are up say of themselves. */
  statuses(): readonly ConsensusStatus[] {
    return this.members.flatMap(({ instance }) => (instance === null ? [] : [instance.raft.status()]));
  }

  /** Whoever leads in the newest term, as far as one can see; null: nobody. */
  leader(): GroupMember | null {
    let leader: GroupMember | null = null;
    let newestTerm = 0;
    for (const member of this.members) {
      const status = member.instance?.raft.status();
      if (status?.role !== 'leader' || status.term < newestTerm) continue;
      [leader, newestTerm] = [member, status.term];
    }
    return leader;
  }

  protected override describe(): string {
    const lines = [...this.members, this.twin].map((member) => {
      const status = member.instance?.raft.status();
      const kind = `${member.label}, wal_mode ${member.plan.walMode}${member.isLost ? ', lost' : ''}`;
      return `${kind}: ${status === undefined ? 'down' : JSON.stringify(status)}`;
    });
    return [`faults ${this.settings.faults.join(', ')}`, ...lines].join('\n');
  }

  #look(member: GroupMember, bootAtMs: number): void {
    if (member.host.isRunning) return;
    const { nowMs } = this.world;
    if (bootAtMs > nowMs) return;
    if (bootAtMs >= 0) {
      if (member.isLost) return;
      this.#bootsAtMs.set(member, -1);
      member.boot();
      return;
    }
    if (!member.host.isUp) member.hasLostPower = true;
    member.noteEnd();
    this.#bootsAtMs.set(member, nowMs + RESTART_MS.least + this.random.below(RESTART_MS.most));
    const failure = member.startFailure;
    member.startFailure = null;
    if (failure !== null) this.#notStarted(member, failure);
  }

  #notStarted(member: GroupMember, failure: Error): void {
    const mayBeDamaged = member.hasLostPower && member.plan.walMode === 'write';
    if (isDamage(failure) && mayBeDamaged) {
      this.counts.damagedMembers++;
      member.isLost = true;
    } else if (!(isDiskFailure(failure) || isRefusedWrite(failure)) || this.isCalm) {
      this.#violation ??= new ViolationError(`${member.label} does not start: ${failure.message}`, { cause: failure });
    }
  }
}

/** The log did not take the note of the start. */
function isRefusedWrite(failure: Error): boolean {
  return failure instanceof BoxError && failure.code === ERROR_TABLE.WAL_IO.code;
}

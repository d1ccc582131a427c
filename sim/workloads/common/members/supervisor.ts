/**
 * What keeps the members of a replica set running, as systemd and an operator do: boots what has ended, gives masters to
 * follow as the plan says, and lets a replica join anew that cannot go on with what it has, where that is allowed.
 */
import { BoxError, ERROR_TABLE, type SeededRandom } from '../../../../src/base/index.ts';
import type { SimulatedWorld } from '../../../env/index.ts';
import { isDamage, isDiskFailure } from '../start-failures.ts';
import { ViolationError } from '../violation.ts';
import type { MemberCounts } from './counts.ts';
import { addressesOf, type SimulatedMember } from './member.ts';
import type { MemberSettings } from './plan.ts';

const PERIOD_MS = 4;
const RESTART_MS = { least: 2, most: 120 } as const;
/** Servers that keep their log for less may forget what a replica lacks. */
const SURE_CLEANUP_SECONDS = 3600;

type Watched = {
  readonly member: SimulatedMember;
  /** When the next boot is due; null while it runs. */
  bootAtMs: number | null;
  isReconfiguring: boolean;
  /** The machine has not been seen without power since the last boot. */
  isPowered: boolean;
  /** It follows whom it is to follow at last. */
  isSettled: boolean;
};

export type SupervisorHandlers = Readonly<{
  onPowerLost: (member: SimulatedMember) => void;
  /** Its directory is given up: it joins anew. */
  onGivenUp: (member: SimulatedMember) => void;
  /** It will not follow a master any more; true: somebody will see to it. */
  onStopped?: (member: SimulatedMember, failure: BoxError | null) => boolean;
}>;

export class Supervisor {
  readonly #world: SimulatedWorld;
  readonly #random: SeededRandom;
  readonly #settings: MemberSettings;
  readonly #counts: MemberCounts;
  readonly #watched: readonly Watched[];
  readonly #handlers: SupervisorHandlers;
  #isGrown = false;
  #isStopped = false;
  /** No fault is in force: what fails now fails by itself. */
  isCalm = true;
  #violation: ViolationError | null = null;

  constructor(
    world: SimulatedWorld,
    random: SeededRandom,
    settings: MemberSettings,
    members: readonly SimulatedMember[],
    counts: MemberCounts,
    handlers: SupervisorHandlers,
  ) {
    this.#world = world;
    this.#random = random;
    this.#settings = settings;
    this.#counts = counts;
    this.#watched = members.map((member) => ({
      member,
      bootAtMs: 0,
      isReconfiguring: false,
      isPowered: true,
      isSettled: false,
    }));
    this.#handlers = handlers;
  }

  /** Whether all members have had their data once. */
  get isGrown(): boolean {
    return this.#isGrown;
  }

  /** Whether all follow whom they are to follow at last. */
  get isSettled(): boolean {
    return this.#watched.every(({ isSettled, member }) => isSettled || member.isLost);
  }

  get violation(): ViolationError | null {
    return this.#violation;
  }

  /** Boots each member after the delay of its place, and looks after all from then on. */
  start(delaysMs: readonly number[]): void {
    this.#watched.forEach((watched, index) => {
      watched.bootAtMs = this.#world.nowMs + (delaysMs[index] ?? 0);
    });
    this.#tick();
  }

  stop(): void {
    this.#isStopped = true;
  }

  #tick(): void {
    if (this.#isStopped) return;
    if (!this.#isGrown && this.#watched.every(({ member }) => member.hasState)) this.#isGrown = true;
    for (const watched of this.#watched) {
      if (watched.member.isLost) continue;
      if (watched.member.host.isRunning) this.#look(watched);
      else {
        this.#lookForPower(watched);
        if (watched.bootAtMs === null) this.#ended(watched);
        else if (watched.bootAtMs <= this.#world.nowMs && !watched.member.isHeld) this.#boot(watched);
      }
    }
    this.#world.schedule(this.#world.nowMs + PERIOD_MS, 'supervise', null, () => this.#tick());
  }

  #boot(watched: Watched): void {
    watched.bootAtMs = null;
    watched.isReconfiguring = false;
    watched.isPowered = true;
    watched.member.boot(this.#sourcesOf(watched));
  }

  #sourcesOf({ member, isSettled }: Watched): readonly string[] {
    return isSettled && member.hasState ? member.plan.follows : member.joinsFrom;
  }

  /** Whether the masters that it is to follow have what it lacks: they may have joined later than it. */
  #maySettle({ plan, instance }: SimulatedMember): boolean {
    const state = instance?.storage.logClient.durableVclock ?? [];
    const masters = this.#watched.filter(
      ({ member }) => member.name !== plan.name && !member.isLost && plan.follows.includes(member.name),
    );
    return masters.every(({ member }) => {
      const oldest = member.instance?.storage.collector.oldestLogVclock();
      return oldest?.every((lsn, replicaId) => replicaId === 0 || lsn <= (state[replicaId] ?? 0)) === true;
    });
  }

  /** A machine may lose its power while nothing runs on it. */
  #lookForPower(watched: Watched): void {
    const { member } = watched;
    if (member.host.isUp || !watched.isPowered) return;
    watched.isPowered = false;
    member.hasLostPower = true;
    this.#counts.machineCrashes++;
    this.#handlers.onPowerLost(member);
  }

  #ended(watched: Watched): void {
    const { member } = watched;
    watched.bootAtMs = this.#world.nowMs + RESTART_MS.least + this.#random.below(RESTART_MS.most);
    const failure = member.startFailure;
    member.startFailure = null;
    if (failure === null) return;
    if (member.hasState && isDamage(failure)) {
      if (!member.hasLostPower || member.plan.walMode === 'fsync') this.#violated(member, 'does not start', failure);
      this.#counts.damagedReplicas++;
      this.#giveUp(watched);
      return;
    }
    // What a join ends with is the master's to say; without data the next start begins afresh.
    const isAllowed = member.hasState ? isDiskFailure(failure) && !this.isCalm : failure instanceof BoxError;
    if (!isAllowed && !isDiskFailure(failure)) this.#violated(member, 'does not start', failure);
  }

  #look(watched: Watched): void {
    const { member } = watched;
    const { instance } = member;
    if (instance === null || watched.isReconfiguring) return;
    for (const applier of instance.replication.upstreams.appliers) {
      if (applier.status === 'stopped') this.#stopped(watched, applier.source.text, applier.failure);
    }
    if (!watched.isSettled && this.#isGrown) watched.isSettled = this.#maySettle(member);
    const sources = this.#sourcesOf(watched);
    if (String(sources) === String(member.sources)) return;
    member.sources = sources;
    this.reconfigure(member, sources);
  }

  /** Gives other masters to a member that is up. */
  reconfigure(member: SimulatedMember, sources: readonly string[]): void {
    const watched = this.#watched.find((each) => each.member === member);
    if (watched === undefined || member.instance === null || watched.isReconfiguring) return;
    const { life } = member;
    watched.isReconfiguring = true;
    this.#counts.reconfigurations++;
    member.instance.reconfigureReplication({ sources: addressesOf(sources) }).then(
      () => {
        if (member.life === life) watched.isReconfiguring = false;
      },
      (error: unknown) => {
        if (member.life === life) this.#notConfigured(member, error);
      },
    );
  }

  /** An anonymous replica becomes a member, once it has been asked to. */
  register(member: SimulatedMember): void {
    const watched = this.#watched.find((each) => each.member === member);
    if (watched === undefined || member.instance === null || watched.isReconfiguring) return;
    member.isAnonymous = false;
    const { life } = member;
    member.instance.reconfigureReplication({ isAnonymous: false }).catch((error: unknown) => {
      if (member.life === life) this.#notConfigured(member, error);
    });
  }

  /** While the disk fails a new configuration may have to wait for a restart. */
  #notConfigured(member: SimulatedMember, error: unknown): void {
    const isDisk = error instanceof BoxError && error.code === ERROR_TABLE.WAL_IO.code && !this.isCalm;
    if (isDisk) member.end('kill');
    else this.#violated(member, 'cannot be configured', error);
  }

  /** A master will not be followed any more without an operator. */
  #stopped(watched: Watched, source: string, failure: BoxError | null): void {
    const { member } = watched;
    if (this.#handlers.onStopped?.(member, failure) === true) return;
    const isGap = failure?.type === 'XlogGapError' || failure?.message.startsWith('Missing .xlog file') === true;
    const hasLost = member.hasLostPower && member.plan.walMode === 'write';
    const isForgotten = this.#settings.walCleanupDelaySeconds < SURE_CLEANUP_SECONDS;
    if (!isGap || member.plan.isWriter || !(member.plan.isAnonymous || hasLost || isForgotten)) {
      this.#violated(member, `has stopped to follow ${source}`, failure);
      return;
    }
    this.#counts.gaps++;
    this.#giveUp(watched);
    member.host.kill();
  }

  /** Lets a member join anew, from `master`. */
  rejoin(member: SimulatedMember, master: SimulatedMember): void {
    const watched = this.#watched.find((each) => each.member === member);
    if (watched === undefined) return;
    member.joinsFrom = [master.name];
    this.#giveUp(watched);
    member.host.kill();
  }

  #giveUp(watched: Watched): void {
    const { member } = watched;
    watched.isSettled = false;
    this.#counts.rejoins++;
    member.giveUpDirectory();
    this.#handlers.onGivenUp(member);
  }

  #violated(member: SimulatedMember, what: string, cause: unknown): void {
    const text = cause instanceof Error ? `: ${cause.message}` : '';
    const code = cause instanceof BoxError ? ` (error ${cause.code})` : '';
    this.#violation ??= new ViolationError(`${member.name} ${what}${text}${code}`, { cause });
  }
}

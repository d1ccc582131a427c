/**
 * Who operates the replica set by its API: promotes where nobody does by himself, hands leadership over now and then, and
 * lets members join anew that have gone ways of their own.
 *
 * Without elections nobody but the operator keeps two owners apart, so it does what a careful one does: it makes sure that
 * the last one is down and stays so, and takes whoever has all that the others have.
 */
import { BoxError, ERROR_TABLE, type SeededRandom } from '../../../src/base/index.ts';
import type { Vclock } from '../../../src/codec/xlog/index.ts';
import { PORT, type SimulatedMember } from '../common/members/member.ts';
import type { MembersStage } from '../common/members/stage.ts';
import { ViolationError } from '../common/violation.ts';
import type { RunCounts } from './counts.ts';
import type { Settings } from './topology.ts';

const PERIOD_MS = 5;
const ATTEMPT_MS_MAX = 1500;
const REPAIRS_MAX = 8;
const SPLIT_BRAIN = ERROR_TABLE.SPLIT_BRAIN.code;

type Applier = NonNullable<SimulatedMember['instance']>['replication']['upstreams']['appliers'][number];
type Refusal = Readonly<{ member: SimulatedMember; master: SimulatedMember; applier: Applier }>;

export class Operator {
  readonly #stage: MembersStage<RunCounts, Settings>;
  readonly #random: SeededRandom;
  readonly #patienceMs: number;
  /** Without elections: who was promoted last, be it that nobody knows with what success. */
  #owner: SimulatedMember | null = null;
  #attempt: Readonly<{ held: SimulatedMember | null; endMs: number }> | null = null;
  #leaderlessSinceMs: number | null = null;
  /** Refusals that have been seen to. */
  readonly #known = new WeakSet<Applier>();
  #rejoining: SimulatedMember | null = null;
  #repairs = 0;
  #isStopped = false;

  constructor(stage: MembersStage<RunCounts, Settings>, random: SeededRandom) {
    this.#stage = stage;
    this.#random = random;
    this.#patienceMs = 5 + random.below(200);
  }

  /** Whoever takes writes; null if nobody does, or several believe it. */
  get leader(): SimulatedMember | null {
    const writable = this.#up().filter(({ instance }) => instance!.box.statements.isReadOnly === false);
    return writable.length === 1 ? writable[0]! : null;
  }

  /** Whoever leads, or did last. */
  get lastLeader(): SimulatedMember | null {
    return this.leader ?? this.#owner ?? this.#truth();
  }

  /** Some member has refused another's rows, and is not repaired yet. */
  get isRepairing(): boolean {
    return this.#rejoining !== null || this.#refusals().length > 0;
  }

  start(): void {
    if (this.#isStopped) return;
    if (this.#stage.supervisor.isCalm) this.#repair();
    const { kind } = this.#stage.settings;
    if (kind === 'off' || kind === 'manual') this.#lookForLeader();
    this.#stage.world.schedule(this.#stage.world.nowMs + PERIOD_MS, 'operate', null, () => this.start());
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Makes the first owner of a set without elections. */
  promoteFirst(member: SimulatedMember): void {
    this.#promote(member, null);
  }

  /** Leadership by hand although nothing is wrong. */
  handOver(): void {
    const { settings, counts } = this.#stage;
    const { leader } = this;
    if (this.#attempt !== null || leader === null) return;
    if (settings.kind === 'off') {
      // Until somebody is promoted again everybody takes asynchronous writes.
      if (settings.writesAsynchronously) return;
      counts.demotions++;
      this.#owner = null;
      this.#run(leader, leader.instance!.replication.demote(), null);
      return;
    }
    if (this.#random.chance(0.5)) {
      counts.demotions++;
      this.#run(leader, leader.instance!.replication.demote(), null);
    } else {
      const others = this.#up().filter((member) => member !== leader && isElectable(member));
      if (others.length > 0) this.#promote(this.#random.pick(others), null);
    }
  }

  #up(): readonly SimulatedMember[] {
    return this.#stage.members.filter(({ instance, isLost }) => instance !== null && !isLost);
  }

  #lookForLeader(): void {
    const { nowMs } = this.#stage.world;
    if (this.#attempt !== null) {
      if (nowMs >= this.#attempt.endMs) this.#endAttempt();
      return;
    }
    if (this.#up().some(({ instance }) => !instance!.box.statements.isReadOnly && this.#isOwner(instance!))) {
      this.#leaderlessSinceMs = null;
      return;
    }
    this.#leaderlessSinceMs ??= nowMs;
    if (nowMs - this.#leaderlessSinceMs < this.#patienceMs) return;
    this.#leaderlessSinceMs = null;
    if (this.#stage.settings.kind === 'manual') {
      const able = this.#up().filter(isElectable);
      if (able.length > 0) this.#promote(this.#random.pick(able), null);
    } else this.#succeed();
  }

  #isOwner({ replication: { queue, members } }: NonNullable<SimulatedMember['instance']>): boolean {
    return queue.term > 1 && queue.ownerId === members.ownId;
  }

  /** Without elections: the last owner again, or somebody who has all that the others have, while that one is down. */
  #succeed(): void {
    const owner = this.#owner;
    if (owner !== null && owner.instance !== null) {
      this.#promote(owner, null);
      return;
    }
    if (owner !== null && owner.host.isRunning) return;
    const left = this.#stage.members.filter((member) => member !== owner && !member.isLost);
    const { members, settings } = this.#stage;
    const isEnough = left.length >= members.length - settings.majority + 1;
    if (!isEnough || left.some(({ instance }) => instance === null)) return;
    const vclocks = left.map(({ instance }) => instance!.storage.logClient.durableVclock);
    const best = left.find((_, index) => vclocks.every((vclock) => covers(vclocks[index]!, vclock)));
    if (best !== undefined) this.#promote(best, owner);
  }

  #promote(member: SimulatedMember, held: SimulatedMember | null): void {
    this.#owner = member;
    this.#stage.counts.handPromotions++;
    this.#run(member, member.instance!.replication.promote(), held);
  }

  #run(member: SimulatedMember, work: Promise<void>, held: SimulatedMember | null): void {
    if (held !== null) held.isHeld = true;
    const attempt = { held, endMs: this.#stage.world.nowMs + ATTEMPT_MS_MAX };
    this.#attempt = attempt;
    const { life } = member;
    work.then(
      () => {
        if (this.#attempt === attempt) this.#endAttempt();
      },
      (error: unknown) => {
        this.#stage.counts.failedPromotions++;
        if (!(error instanceof BoxError) && member.life === life) {
          member.fail(new Error('a promotion failed', { cause: error }));
        }
        if (this.#attempt === attempt) this.#endAttempt();
      },
    );
  }

  #endAttempt(): void {
    if (this.#attempt !== null && this.#attempt.held !== null) this.#attempt.held.isHeld = false;
    this.#attempt = null;
  }

  // Members that have gone ways of their own

  #refusals(): readonly Refusal[] {
    return this.#up().flatMap((member) =>
      member.instance!.replication.upstreams.appliers.flatMap((applier) => {
        if (applier.status !== 'stopped' || applier.failure?.code !== SPLIT_BRAIN) return [];
        const master = this.#stage.members.find(({ name }) => applier.source.text === `${name}:${PORT}`);
        return master === undefined || master.isLost ? [] : [{ member, master, applier }];
      }),
    );
  }

  /** Whose state counts: the owner of the queue in the greatest term. */
  #truth(): SimulatedMember | null {
    let best: SimulatedMember | null = null;
    for (const member of this.#up()) {
      const queue = member.instance!.replication.queue;
      const bestTerm = best?.instance?.replication.queue.term ?? 0;
      if (queue.term > bestTerm || (queue.term === bestTerm && this.#isOwner(member.instance!))) best = member;
    }
    return best;
  }

  /** One at a time, and while all others are up: what was acknowledged must stay where it is. */
  #repair(): void {
    const { members, supervisor } = this.#stage;
    const all = members.filter(({ isLost }) => !isLost);
    if (all.some(({ instance, hasState }) => instance === null || !hasState)) return;
    this.#rejoining = null;
    const refusals = this.#refusals();
    const [stale] = refusals.filter(({ applier }) => this.#known.has(applier));
    if (stale !== undefined) {
      supervisor.reconfigure(stale.member, stale.member.plan.follows);
      return;
    }
    const truth = this.#truth();
    const diverged = refusals
      .map(({ member, master }) => (member === truth ? master : master === truth ? member : null))
      .find((each) => each !== null);
    for (const { applier } of refusals) this.#known.add(applier);
    if (diverged === null || diverged === undefined || truth === null) return;
    if (++this.#repairs > REPAIRS_MAX) {
      this.#stage.world.fail(
        new ViolationError(`${diverged.name} has joined ${REPAIRS_MAX} times, and is refused again`),
      );
      return;
    }
    this.#rejoining = diverged;
    supervisor.rejoin(diverged, truth);
  }
}

function isElectable({ instance }: SimulatedMember): boolean {
  return instance?.replication.options.electionMode !== 'voter';
}

function covers(vclock: Vclock, other: Vclock): boolean {
  return other.every((lsn, replicaId) => replicaId === 0 || lsn <= (vclock[replicaId] ?? 0));
}

/**
 * Who operates the group: lets members that are lost join anew under another id, and, where the run is to have it,
 * changes who belongs to the group, hands leadership over, and compacts logs. One thing at a time, so that of those that
 * vote always a quorum can come back.
 */
import { BoxError, sameBytes, type SeededRandom } from '../../../src/base/index.ts';
import type { ConsensusStatus, MembershipRequest } from '../../../src/cluster/raftnode/index.ts';
import type { FoundFile } from '../common/disk-inspection.ts';
import { RESTORE_MANNERS } from '../common/restored-directory.ts';
import { ViolationError } from '../common/violation.ts';
import { EXPELLED, type MemberConsensus } from './contract.ts';
import { type Outcome, outcomeOf } from './door.ts';
import type { Group } from './group.ts';
import type { GroupMember } from './member.ts';

const PERIOD_MS = { least: 300, most: 2500 } as const;
const TIMEOUT_MS = 2000;
const VOTERS_LEAST = 3;
const RETRY_MS = 200;
/** Between a copy of a directory and the day when it is put back. */
const COPY_AGE_MS = { least: 1000, most: 8000 } as const;
const COPY_LIFE_MS = { least: 1000, most: 6000 } as const;
/** By then a member that can be reached has heard whether it is believed. */
const CONTACT_MS = 3000;
const MARKER_NAME = 'raft.marker';

type Change = MembershipRequest['changes'][number];

export class Operator {
  readonly #group: Group;
  readonly #random: SeededRandom;
  /** Nothing new is begun. */
  isPaused = false;
  #isBusy = false;
  #isStopped = false;

  constructor(group: Group, random: SeededRandom) {
    this.#group = group;
    this.#random = random;
  }

  /** Nothing is under way, and nobody is lost. */
  get isIdle(): boolean {
    return !this.#isBusy && this.#group.members.every(({ isLost }) => !isLost);
  }

  stop(): void {
    this.#isStopped = true;
  }

  async run(): Promise<void> {
    const random = this.#random;
    while (!this.#isStopped) {
      await this.#sleep(PERIOD_MS.least + random.below(PERIOD_MS.most));
      if (this.#isStopped) return;
      this.#isBusy = true;
      const lost = this.#group.members.find(({ isLost }) => isLost);
      if (lost !== undefined) await this.#replace(lost);
      else if (!this.isPaused) await this.#act();
      this.#isBusy = false;
    }
  }

  /** Adds somebody new, and waits until he belongs to the group. */
  async add(member: GroupMember): Promise<void> {
    const { counts } = this.#group;
    const { id, address } = member;
    this.#group.enroll(member);
    await this.#persist(
      { changes: [{ kind: 'add-learner', id, address }] },
      ({ learners, voters }) => learners.includes(id) || voters.includes(id),
    );
    counts.addedLearners++;
  }

  #act(): Promise<void> {
    const random = this.#random;
    const { faults } = this.#group.settings;
    if (faults.includes('restoredDirectory') && random.chance(0.2)) return this.#restore();
    if (faults.includes('startedCopy') && random.chance(0.2)) return this.#startCopy();
    if (faults.includes('membership') && random.chance(0.5)) return this.#changeMembers();
    switch (random.below(4)) {
      case 0:
        return this.#transfer();
      case 1:
        return this.#compact();
      case 2:
        random.pick(this.#group.members).checkpoint();
        return Promise.resolve();
      default:
        return Promise.resolve();
    }
  }

  async #transfer(): Promise<void> {
    const leader = this.#group.leader();
    const status = leader?.instance?.raft.status();
    if (status === undefined) return;
    const to = this.#random.pick(status.voters);
    const outcome = await this.#ask(leader, (consensus) => consensus.transferLeadership(to));
    if (outcome?.kind === 'done') this.#group.counts.transfers++;
  }

  async #compact(): Promise<void> {
    await this.#ask(this.#random.pick(this.#group.members), (consensus) => consensus.compact());
  }

  #changeMembers(): Promise<void> {
    const random = this.#random;
    const { counts, members } = this.#group;
    const outside = members.find((member) => !this.#group.isEnrolled(member));
    const status = this.#group.leader()?.instance?.raft.status();
    if (status === undefined) return Promise.resolve();
    const { voters, learners } = status;
    if (outside !== undefined && random.chance(0.4)) return this.#rejoin(outside);
    if (learners.length > 0 && random.chance(0.5)) {
      const learner = random.pick(learners);
      if (voters.length > VOTERS_LEAST && random.chance(0.5)) return this.#swap(random.pick(voters), learner);
      counts.promotions++;
      return this.#persist({ changes: [{ kind: 'add-voter', id: learner, ...this.#addressOf(learner) }] }, (now) =>
        now.voters.includes(learner),
      );
    }
    const removable = voters.length > VOTERS_LEAST ? [...voters, ...learners] : learners;
    const removed = members.find(({ id }) => id === (removable.length === 0 ? -1 : random.pick(removable)));
    if (removed === undefined || outside !== undefined) return Promise.resolve();
    return this.#remove(removed);
  }

  /** One votes no more and another one does, at once. */
  async #swap(voter: number, learner: number): Promise<void> {
    const transition = this.#random.pick(['auto', 'implicit', 'explicit'] as const);
    const changes: Change[] = [
      { kind: 'add-learner', id: voter, ...this.#addressOf(voter) },
      { kind: 'add-voter', id: learner, ...this.#addressOf(learner) },
    ];
    await this.#persist({ transition, changes }, (now) => now.voters.includes(learner));
    this.#group.counts.promotions++;
    if (transition === 'explicit') {
      await this.#persist({ changes: [] }, ({ isJoint }) => !isJoint);
    }
  }

  async #remove(member: GroupMember): Promise<void> {
    const { id } = member;
    await this.#persist(
      { changes: [{ kind: 'remove', id }] },
      ({ voters, learners }) => !voters.includes(id) && !learners.includes(id),
    );
    this.#group.counts.removals++;
    await this.#sleep(this.#random.below(1000));
    this.#group.dismiss(member);
    member.isLost = false;
  }

  /** Behind a removal, with an empty directory; sometimes as a voter at once. */
  async #rejoin(member: GroupMember): Promise<void> {
    if (member.id !== 0) this.#group.counts.rejoins++;
    member.beginAnew(this.#group.newId());
    await this.add(member);
  }

  async #replace(member: GroupMember): Promise<void> {
    const { id } = member;
    const status = await this.#leaderStatus();
    if (status === null) return;
    const wasVoter = status.voters.includes(id);
    await this.#remove(member);
    await this.#rejoin(member);
    if (!wasVoter) return;
    const change: Change = { kind: 'add-voter', id: member.id, address: member.address };
    await this.#persist({ changes: [change] }, ({ voters }) => voters.includes(member.id));
    this.#group.counts.promotions++;
  }

  /** Puts the directory of a member back as it was a while ago: it takes part if it has lost nothing, else it is replaced. */
  async #restore(): Promise<void> {
    const { counts } = this.#group;
    const random = this.#random;
    const copy = await this.#takeCopy(true);
    if (copy === null) return;
    const { member, files } = copy;
    member.end('kill');
    member.noteEnd();
    const manner = random.pick(RESTORE_MANNERS);
    // Nobody can tell a directory from a copy with the same marker in the same file.
    member.restore(files, manner === 'same files' && hasSameMarker(files, member.files()) ? 'new files' : manner);
    if (manner !== 'new directory') counts.restoredInPlace++;
    counts.restoredDirectories++;
    await this.#sleep(500 + random.below(3000));
    if (member.isTakingPart()) counts.trustedDirectories++;
    else member.isLost = true;
    member.isRestored = false;
  }

  /**
   * Starts a copy of a member's directory on another machine, while the member runs, is frozen, cut off or down: at most one of
   * the two takes part.
   */
  async #startCopy(): Promise<void> {
    const { counts, twin, world, members } = this.#group;
    const random = this.#random;
    const copy = await this.#takeCopy(random.chance(0.5));
    if (copy === null) return;
    const { member, files } = copy;
    member.wasCopied = true;
    const others = [twin, ...members.filter((each) => each !== member)].map(({ host }) => host);
    const durationMs = COPY_LIFE_MS.least + random.below(COPY_LIFE_MS.most);
    const plight = random.pick(['runs', 'frozen', 'cut off', 'down'] as const);
    if (plight === 'frozen') member.host.freeze(random.below(durationMs));
    else if (plight === 'down') this.#group.dismiss(member);
    else if (plight === 'cut off') for (const host of others) world.internet.block(member.host, host);
    twin.impersonate(member, files);
    twin.boot();
    counts.startedCopies++;
    const untilMs = world.nowMs + durationMs;
    while (world.nowMs < untilMs && !twin.isTakingPart()) await this.#sleep(RETRY_MS);
    if (twin.isTakingPart()) {
      counts.trustedCopies++;
      await this.#sleep(random.below(COPY_LIFE_MS.most));
    }
    this.#endCopy();
    for (const host of others) world.internet.unblock(member.host, host);
    if (plight === 'down') this.#group.enroll(member);
    await this.#sleep(CONTACT_MS);
  }

  #endCopy(): void {
    const { twin } = this.#group;
    twin.host.kill();
    twin.noteEnd();
    const failure = twin.startFailure;
    if (failure !== null && !(failure instanceof BoxError && failure.code === EXPELLED)) {
      throw new ViolationError(`${twin.label} does not start: ${failure.message}`, { cause: failure });
    }
  }

  /**
   * The directory of a member as it is now, then often some time goes by: a copy that takes the place at once is a directory
   * that was moved. Null: that member may not be lost just now, for another one may be, or with two voters nobody could
   * replace it.
   */
  async #takeCopy(isStopped: boolean): Promise<Readonly<{ member: GroupMember; files: readonly FoundFile[] }> | null> {
    const { members } = this.#group;
    const random = this.#random;
    const weak = members.find(({ plan }) => plan.walMode === 'write');
    const member = weak ?? random.pick(members);
    const isAnotherRisked = members.some((each) => each !== member && each.wasCopied);
    if (member.instance === null || isAnotherRisked) return null;
    const { directory } = member;
    if (isStopped) member.end('kill');
    const files = member.files();
    if (random.chance(0.7)) await this.#sleep(COPY_AGE_MS.least + random.below(COPY_AGE_MS.most));
    if (member.directory !== directory || member.isLost || !this.#group.isEnrolled(member)) return null;
    return this.#isNeeded(member) ? null : { member, files };
  }

  /** Whether the others could not replace it: there are too few, or one of them knows of no members, so that it does not vote. */
  #isNeeded({ id }: GroupMember): boolean {
    const { members } = this.#group;
    const mayVote = (voter: number): boolean => {
      const status = members.find((each) => each.id === voter)?.instance?.raft.status();
      return status !== undefined && status.voters.length > 0;
    };
    return this.#group.statuses().some(({ voters }) => {
      if (!voters.includes(id)) return false;
      return voters.length < VOTERS_LEAST || !voters.every((voter) => voter === id || mayVote(voter));
    });
  }

  /** Null: stopped before there was a leader. */
  async #leaderStatus(): Promise<ConsensusStatus | null> {
    while (!this.#isStopped) {
      const status = this.#group.leader()?.instance?.raft.status();
      if (status !== undefined) return status;
      await this.#sleep(RETRY_MS);
    }
    return null;
  }

  /** Until it is so; the group may have nobody who decides for a while. */
  async #persist(change: MembershipRequest, isDone: (status: ConsensusStatus) => boolean): Promise<void> {
    for (;;) {
      const leader = this.#group.leader();
      const status = leader?.instance?.raft.status();
      if (this.#isStopped || (status !== undefined && isDone(status))) return;
      await this.#ask(leader ?? this.#random.pick(this.#group.members), (consensus) =>
        consensus.changeMembership(change, { timeoutMs: TIMEOUT_MS }),
      );
      await this.#sleep(RETRY_MS);
    }
  }

  async #ask<Result>(
    member: GroupMember | null,
    request: (consensus: MemberConsensus) => Promise<Result>,
  ): Promise<Outcome<Result> | null> {
    const session = member?.session() ?? null;
    if (session === null) return null;
    return outcomeOf(this.#group.clientEnv.timers, session, TIMEOUT_MS, request);
  }

  #addressOf(id: number): Readonly<{ address?: string }> {
    const member = this.#group.members.find((each) => each.id === id);
    return member === undefined ? {} : { address: member.address };
  }

  #sleep(durationMs: number): Promise<void> {
    return this.#group.clientEnv.timers.sleep(durationMs);
  }
}

function hasSameMarker(...copies: readonly (readonly FoundFile[])[]): boolean {
  const [one, other] = copies.map((files) => files.find(({ name }) => name === MARKER_NAME)?.bytes);
  return one !== undefined && other !== undefined && sameBytes(one, other);
}

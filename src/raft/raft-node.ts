/**
 * The core's public face. In: ticks, messages, proposals, and what has become durable or is applied. Out: `ready`, a batch of
 * what is to be done.
 *
 * How to carry a Ready out: its messages leave at any time; its append is one write, and when that and all before it are
 * durable, its messages leave and `appended` gets its token; its committed entries are applied behind those of before, a
 * membership change among them by `applyMembership`, and then `applied` is told. Nothing has to be waited for: the next Ready
 * may be taken before. A snapshot takes the place of entries that were handed out before it and are not applied.
 */
import { assert } from '../base/index.ts';
import { RaftCore } from './core.ts';
import { forgetLeader } from './follower.ts';
import { memberUnreachable, refusalOf, snapshotEnded } from './leader.ts';
import type { MembershipChange, MembershipState } from './membership/types.ts';
import type { RaftOptions } from './options.ts';
import { applied, applyMembership, snapshotApplied, step, tick } from './step.ts';
import type {
  Append,
  AppendToken,
  EntryId,
  HardState,
  Message,
  Payload,
  RaftId,
  Ready,
  Role,
  Standing,
  StepResult,
} from './types.ts';

export type RaftStatus = Readonly<{
  id: RaftId;
  term: number;
  vote: RaftId;
  role: Role;
  leader: RaftId;
  transferee: RaftId;
  committed: number;
  applied: number;
  firstIndex: number;
  lastIndex: number;
  membership: MembershipState;
}>;

export type MemberProgress = Readonly<{
  id: RaftId;
  match: number;
  next: number;
  state: 'probe' | 'replicate' | 'snapshot';
  isLearner: boolean;
  isRecentlyActive: boolean;
}>;

export class RaftNode {
  /** For tests of the room. */
  readonly core: RaftCore;
  #standing: Standing;
  #hardState: HardState;

  constructor(options: RaftOptions) {
    this.core = new RaftCore(options);
    this.#standing = { role: this.core.role, leader: this.core.leader };
    this.#hardState = this.core.hardState;
  }

  tick(): void {
    tick(this.core);
  }

  /** A message of another member. An answer of one that does not belong to the group is passed over. */
  step(message: Message): StepResult {
    if (isResponse(message) && this.core.tracker.progress(message.from) === undefined) return 'done';
    return step(this.core, message);
  }

  /** All in one append, in order; `dropped`: none is in any log. A follower sends them on, and does not learn of their fate. */
  propose(payloads: readonly Payload[]): StepResult {
    const { id } = this.core;
    return step(this.core, { kind: 'proposal-request', from: id, to: id, payloads });
  }

  /** Why the leader would put an empty entry in the place of this change; null: it would not. */
  changeRefusal(change: MembershipChange): string | null {
    return refusalOf(this.core, change);
  }

  /** `Ready.reads` will have `requestId` when a read may begin; it may get lost, and may then be asked for again. */
  readIndex(requestId: number): StepResult {
    const { id } = this.core;
    return step(this.core, { kind: 'read-index-request', from: id, to: id, requestId });
  }

  /** Stand for election now. */
  campaign(): void {
    this.core.campaign();
  }

  transferLeadership(transferee: RaftId): void {
    const { id } = this.core;
    step(this.core, { kind: 'transfer-request', from: id, to: id, transferee });
  }

  forgetLeader(): void {
    forgetLeader(this.core);
  }

  reportUnreachable(id: RaftId): void {
    memberUnreachable(this.core, id);
  }

  reportSnapshot(id: RaftId, isSuccess: boolean): void {
    snapshotEnded(this.core, id, isSuccess);
  }

  get hasReady(): boolean {
    const { core } = this;
    return (
      core.outgoing.length > 0 ||
      core.readStates.length > 0 ||
      core.log.hasNextCommitted ||
      core.role !== this.#standing.role ||
      core.leader !== this.#standing.leader ||
      this.#hasAppend()
    );
  }

  /** Takes what is to be done; the caller does it. */
  ready(): Ready {
    const { core } = this;
    // What becomes committed while it is carried out comes with the next one.
    const committed = core.log.nextCommitted();
    const append = this.#hasAppend() ? this.#takeAppend() : null;
    const isStandingNew = core.role !== this.#standing.role || core.leader !== this.#standing.leader;
    if (isStandingNew) this.#standing = { role: core.role, leader: core.leader };
    const ready: Ready = {
      standing: isStandingNew ? this.#standing : null,
      append,
      messages: core.outgoing,
      committed,
      reads: core.readStates,
    };
    core.log.handOutCommitted(committed);
    core.outgoing = [];
    core.readStates = [];
    return ready;
  }

  /** The write of an append, and all before it, are durable. */
  appended(token: AppendToken): void {
    const { core } = this;
    for (const message of token.own) step(core, message);
    // Of an older term, the entries may have been replaced by others of the same indexes, which are not durable (docs/raft.md).
    if (token.last !== null && token.term === core.term) core.log.unstable.stableTo(token.last);
    // What a snapshot holds is committed, in whatever term it arrives.
    if (token.snapshotIndex !== null) snapshotApplied(core, token.snapshotIndex);
  }

  /** The state has all entries up to `index`. */
  applied(index: number): void {
    applied(this.core, index);
  }

  /** Of a committed entry, when it is applied; returns who belongs to the group from now on. */
  applyMembership(change: MembershipChange): MembershipState {
    return applyMembership(this.core, change);
  }

  status(): RaftStatus {
    const { id, term, vote, role, leader, transferee, log, tracker } = this.core;
    return {
      id,
      term,
      vote,
      role,
      leader,
      transferee,
      committed: log.committed,
      applied: log.applied,
      firstIndex: log.firstIndex(),
      lastIndex: log.lastIndex(),
      membership: tracker.membership,
    };
  }

  /** What a leader knows of each member. */
  progress(): readonly MemberProgress[] {
    return [...this.core.tracker.members].map(([id, { match, next, state, isLearner, isRecentlyActive }]) => ({
      id,
      match,
      next,
      state,
      isLearner,
      isRecentlyActive,
    }));
  }

  /** Of an entry that is in the log; null: compacted, or not there yet. */
  termAt(index: number): number | null {
    return this.core.log.term(index);
  }

  lastEntry(): EntryId {
    return this.core.log.last();
  }

  #hasAppend(): boolean {
    const { core } = this;
    const { unstable } = core.log;
    return (
      unstable.hasPendingEntries ||
      unstable.pendingSnapshot() !== null ||
      core.afterAppend.length > 0 ||
      core.own.length > 0 ||
      core.term !== this.#hardState.term ||
      core.vote !== this.#hardState.vote ||
      core.log.committed !== this.#hardState.commit
    );
  }

  #takeAppend(): Append {
    const { core } = this;
    const { unstable } = core.log;
    const { hardState } = core;
    const before = this.#hardState;
    const isElection = hardState.term !== before.term || hardState.vote !== before.vote;
    const entries = unstable.pendingEntries();
    const snapshot = unstable.pendingSnapshot();
    const append: Append = {
      hardState: isElection || hardState.commit !== before.commit ? hardState : null,
      snapshot,
      entries,
      isSyncNeeded: isElection || entries.length > 0 || snapshot !== null,
      messages: core.afterAppend,
      token: {
        term: core.term,
        last: unstable.isEmpty ? null : core.log.last(),
        snapshotIndex: snapshot === null ? null : snapshot.id.index,
        own: core.own,
      },
    };
    assert(hardState.term >= before.term, 'a term fell');
    this.#hardState = hardState;
    unstable.handOut();
    core.afterAppend = [];
    core.own = [];
    return append;
  }
}

function isResponse({ kind }: Message): boolean {
  return (
    kind === 'vote-response' ||
    kind === 'pre-vote-response' ||
    kind === 'append-response' ||
    kind === 'heartbeat-response'
  );
}

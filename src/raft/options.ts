/** How a member behaves; the defaults are in `src/config`. */
import { assert } from '../base/index.ts';
import type { LogReader } from './log/storage.ts';
import type { RaftId } from './types.ts';

/**
 * `quorum`: a read waits until a quorum has confirmed the leader. `lease`: the leader trusts that nobody else was elected
 * within its election time, which holds only while clocks run at about the same speed.
 */
export type ReadMode = 'quorum' | 'lease';

/** Numbers below `bound`; what spreads the elections of members. */
export type RandomNumbers = Readonly<{ below(bound: number): number }>;

export type RaftOptions = Readonly<{
  id: RaftId;
  storage: LogReader;
  random: RandomNumbers;
  /** The state has all entries up to here. */
  appliedIndex: number;
  /** A leader that was not heard of for one to two times this is replaced. */
  electionTicks: number;
  heartbeatTicks: number;
  /** Candidates ask first whether they would be elected, and disturb nobody if not (thesis, 9.6). */
  hasPreVote: boolean;
  /** A leader that does not hear from a quorum within `electionTicks` steps down (thesis, 6.2). */
  checksQuorum: boolean;
  readMode: ReadMode;
  /** Followers send proposals on to the leader. */
  forwardsProposals: boolean;
  /** A leader that was removed or became a learner steps down when that is applied. */
  stepsDownOnRemoval: boolean;
  /** Membership changes are looked at before they go into the log; else only when they are applied. */
  validatesChanges: boolean;
  /** Committed entries may be applied before they are durable here; they are durable on a quorum. */
  appliesUnstable: boolean;
  /** Of one append message; one entry may be larger. */
  messageBytesMax: number;
  /** Appends on their way to one member. */
  inFlightCountMax: number;
  inFlightBytesMax: number;
  /** Payload of entries that are not applied; what goes beyond it is refused, but one may be larger. */
  uncommittedBytesMax: number;
  /** Entries handed out to be applied at a time. */
  applyingBytesMax: number;
}>;

/** Asserts what holds between them. */
export function checkOptions(options: RaftOptions): void {
  assert(options.id > 0, 'the id of a member is positive');
  assert(options.heartbeatTicks > 0, 'a leader sends heartbeats');
  assert(options.electionTicks > options.heartbeatTicks, 'elections wait longer than heartbeats');
  assert(options.inFlightCountMax > 0, 'an append has to be on its way');
  assert(options.inFlightBytesMax >= options.messageBytesMax, 'a message has to fit in what may be on its way');
  assert(options.readMode === 'quorum' || options.checksQuorum, 'a lease is kept by looking at the quorum');
}

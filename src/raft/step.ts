/** What reaches a core, and what follows for it whatever its role: ticks, messages, and what has been applied. */
import { unreachable } from '../base/index.ts';
import { stepCandidate } from './candidate.ts';
import type { RaftCore } from './core.ts';
import { stepFollower } from './follower.ts';
import { broadcastAppends, broadcastHeartbeats, checkQuorum, sendAppend, stepLeader, tryToCommit } from './leader.ts';
import { changeMembership } from './membership/change.ts';
import type { MembershipChange, MembershipState } from './membership/types.ts';
import { type Message, NO_ONE, type Payload, type StepResult, type VoteRequest } from './types.ts';

export function tick(core: RaftCore): void {
  core.electionElapsedTicks++;
  if (core.role === 'leader') tickLeader(core);
  else if (core.isPromotable && core.electionElapsedTicks >= core.electionTimeoutTicks) {
    core.electionElapsedTicks = 0;
    core.campaign();
  }
}

export function step(core: RaftCore, message: Message): StepResult {
  if ('term' in message) {
    if (message.term > core.term && !enterTerm(core, message)) return 'done';
    if (message.term < core.term) {
      answerOldTerm(core, message);
      return 'done';
    }
  }
  if (message.kind === 'vote-request' || message.kind === 'pre-vote-request') {
    answerVoteRequest(core, message);
    return 'done';
  }
  switch (core.role) {
    case 'leader':
      return stepLeader(core, message);
    case 'follower':
      return stepFollower(core, message);
    case 'candidate':
    case 'pre-candidate':
      return stepCandidate(core, message);
    default:
      return unreachable(core.role);
  }
}

/** The state has everything up to `index`. */
export function applied(core: RaftCore, index: number): void {
  const released = core.log.appliedTo(Math.max(index, core.log.applied));
  core.release(released);
  leaveJoint(core);
}

/** Out of a joint configuration that is left without a request, once the state has it; not while leadership is handed over. */
function leaveJoint(core: RaftCore): void {
  const { membership } = core.tracker;
  if (!membership.leavesByItself || core.role !== 'leader' || core.log.applied < core.lastChangeIndex) return;
  const change: MembershipChange = { transition: 'auto', changes: [], context: new Uint8Array(0) };
  const payloads: readonly Payload[] = [{ kind: 'membership', change }];
  step(core, { kind: 'proposal-request', from: core.id, to: core.id, payloads });
}

export function snapshotApplied(core: RaftCore, index: number): void {
  core.log.unstable.snapshotStable(index);
  applied(core, index);
}

/** A committed change takes effect. One that cannot be made changes nothing, on any member. */
export function applyMembership(core: RaftCore, change: MembershipChange): MembershipState {
  // It is of before the snapshot that has come, whose membership has it.
  if (core.log.unstable.snapshot !== null) return core.tracker.membership;
  const outcome = changeMembership(core.tracker.membership, change);
  if (outcome.kind === 'changed') switchTo(core, outcome.membership);
  return core.tracker.membership;
}

function tickLeader(core: RaftCore): void {
  core.heartbeatElapsedTicks++;
  if (core.electionElapsedTicks >= core.options.electionTicks) {
    core.electionElapsedTicks = 0;
    if (core.options.checksQuorum) checkQuorum(core);
    // Who could not be handed leadership within this time does not get it.
    if (core.transferee !== NO_ONE) {
      core.transferee = NO_ONE;
      leaveJoint(core);
    }
  }
  if (core.role !== 'leader' || core.heartbeatElapsedTicks < core.options.heartbeatTicks) return;
  core.heartbeatElapsedTicks = 0;
  broadcastHeartbeats(core);
}

/** A message of a later term; false: it is not looked at. */
function enterTerm(core: RaftCore, message: Message & Readonly<{ term: number }>): boolean {
  switch (message.kind) {
    case 'vote-request':
    case 'pre-vote-request': {
      // Who hears from a leader does not help to replace it, but if that leader asks for it.
      const isLed = core.leader !== NO_ONE && core.electionElapsedTicks < core.options.electionTicks;
      if (core.options.checksQuorum && isLed && !message.isTransfer) return false;
      if (message.kind === 'vote-request') core.becomeFollower(message.term, NO_ONE);
      return true;
    }
    case 'pre-vote-response':
      // A granted one bears the term that was asked for, which is not there yet.
      if (!message.isGranted) core.becomeFollower(message.term, NO_ONE);
      return true;
    case 'append-request':
    case 'heartbeat-request':
    case 'snapshot-request':
      core.becomeFollower(message.term, message.from);
      return true;
    default:
      core.becomeFollower(message.term, NO_ONE);
      return true;
  }
}

function answerOldTerm(core: RaftCore, message: Message): void {
  const { from: to } = message;
  const { checksQuorum, hasPreVote } = core.options;
  if (message.kind === 'pre-vote-request') {
    // Else a candidate with a shorter log and a lower term would ask for ever.
    core.respond({ kind: 'pre-vote-response', from: core.id, to, term: core.term, isGranted: false });
  } else if (message.kind === 'append-request' || message.kind === 'heartbeat-request') {
    // A leader that is behind learns so. Without core, a member that came back with a higher term would be stuck: it is not
    // voted for, and what the leader sends is too old for it.
    if (!checksQuorum && !hasPreVote) return;
    core.acknowledge(to, 0);
  }
}

function answerVoteRequest(core: RaftCore, request: VoteRequest): void {
  const isPreVote = request.kind === 'pre-vote-request';
  const mayVote =
    core.vote === request.from ||
    (core.vote === NO_ONE && core.leader === NO_ONE) ||
    (isPreVote && request.term > core.term);
  // A learner votes too: the candidate may know that it became a voter before it does.
  const isGranted = mayVote && core.log.isUpToDate(request.last);
  if (isGranted && !isPreVote) {
    core.electionElapsedTicks = 0;
    core.vote = request.from;
  }
  core.respond({
    from: core.id,
    to: request.from,
    kind: isPreVote ? 'pre-vote-response' : 'vote-response',
    // The term that was asked for, which may be higher than the own one: else it would be too old to be looked at.
    term: isGranted ? request.term : core.term,
    isGranted,
  });
}

function switchTo(core: RaftCore, membership: MembershipState): void {
  core.tracker.reconfigure(membership, core.log.lastIndex());
  if (core.role !== 'leader') return;
  const own = core.tracker.progress(core.id);
  if (own === undefined || own.isLearner) {
    if (core.options.stepsDownOnRemoval) core.becomeFollower(core.term, NO_ONE);
    return;
  }
  if (tryToCommit(core)) broadcastAppends(core);
  // Who is new is tried at once, and need not wait for the next heartbeat.
  else for (const id of core.tracker.members.keys()) if (id !== core.id) sendAppend(core, id, 'with-entries');
  if (core.transferee !== NO_ONE && !core.tracker.isVoter(core.transferee)) core.transferee = NO_ONE;
}

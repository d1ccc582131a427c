/** What a leader does: feed the others, count what they have, answer reads, hand over. */
import { assert } from '../base/index.ts';
import type { RaftCore } from './core.ts';
import { payloadsBytes } from './entry.ts';
import { changeMembership, isJoint, leavesJoint, membersOf } from './membership/change.ts';
import type { MembershipChange } from './membership/types.ts';
import type { Progress } from './progress/progress.ts';
import {
  type AppendResponse,
  type HeartbeatResponse,
  type Message,
  NO_ONE,
  type Payload,
  type ProposalRequest,
  type RaftId,
  type ReadIndexRequest,
  type StepResult,
} from './types.ts';

const EMPTY_PAYLOAD: Payload = { kind: 'data', data: new Uint8Array(0) };

/** An append without entries still tells the commit index, and finds out whether the logs match. */
type AppendKind = 'always' | 'with-entries';

export function stepLeader(core: RaftCore, message: Message): StepResult {
  switch (message.kind) {
    case 'proposal-request':
      return propose(core, message);
    case 'read-index-request':
      read(core, message);
      return 'done';
    case 'append-response':
    case 'heartbeat-response': {
      const progress = core.tracker.progress(message.from);
      if (progress === undefined) return 'done';
      if (message.kind === 'append-response') appendAnswered(core, progress, message);
      else heartbeatAnswered(core, progress, message);
      return 'done';
    }
    case 'transfer-request':
      transfer(core, message.transferee);
      return 'done';
    default:
      return 'done';
  }
}

export function broadcastAppends(core: RaftCore): void {
  for (const id of core.tracker.members.keys()) if (id !== core.id) sendAppend(core, id, 'always');
}

/** With the place of the reads that wait, so that the answers confirm them. */
export function broadcastHeartbeats(core: RaftCore): void {
  const readPosition = core.reads.position;
  for (const [to, progress] of core.tracker.members) {
    if (to === core.id) continue;
    // What it may not have, it cannot take for committed.
    const commit = Math.min(progress.match, core.log.committed);
    core.send({ kind: 'heartbeat-request', from: core.id, to, term: core.term, commit, readPosition });
    progress.sentCommit(commit);
  }
}

/** The next entries for a member, or a snapshot if the log does not reach back that far. False: nothing was sent. */
export function sendAppend(core: RaftCore, to: RaftId, kind: AppendKind): boolean {
  const progress = core.tracker.progress(to);
  if (progress === undefined || progress.isPaused) return false;
  const { log, options } = core;
  const previousIndex = progress.next - 1;
  const previousTerm = log.term(previousIndex);
  if (previousTerm === null) return sendSnapshot(core, to, progress);
  // With enough on its way, an empty append still goes: if all the others were lost, its answer sets things going again.
  const isThrottled = progress.state === 'replicate' && progress.inFlight.isFull;
  const entries = isThrottled ? [] : log.entriesFrom(progress.next, options.messageBytesMax);
  if (entries === null) return sendSnapshot(core, to, progress);
  if (entries.length === 0 && kind === 'with-entries') return false;
  const previous = { term: previousTerm, index: previousIndex };
  const commit = log.committed;
  core.send({ kind: 'append-request', from: core.id, to, term: core.term, previous, entries, commit });
  progress.sentEntries(entries.length, payloadsBytes(entries));
  progress.sentCommit(commit);
  return true;
}

/** True: more is committed than before. */
export function tryToCommit(core: RaftCore): boolean {
  const index = core.tracker.committed();
  const { log } = core;
  // An entry of an earlier term may be replaced although most have it (Raft, 5.4.2); one of this term takes it along.
  if (index <= log.committed || log.term(index) !== core.term) return false;
  log.commitTo(index);
  return true;
}

/** Steps down if no quorum was heard of since the last look. */
export function checkQuorum(core: RaftCore): void {
  if (!core.tracker.isQuorumActive()) core.becomeFollower(core.term, NO_ONE);
  for (const [id, progress] of core.tracker.members) if (id !== core.id) progress.isRecentlyActive = false;
}

/** A member could not be reached; what was sent ahead may be lost. */
export function memberUnreachable(core: RaftCore, id: RaftId): void {
  const progress = core.role === 'leader' ? core.tracker.progress(id) : undefined;
  if (progress?.state === 'replicate') progress.becomeProbe();
}

/** A member has got its snapshot, or it went wrong. */
export function snapshotEnded(core: RaftCore, id: RaftId, isSuccess: boolean): void {
  const progress = core.role === 'leader' ? core.tracker.progress(id) : undefined;
  if (progress?.state !== 'snapshot') return;
  if (!isSuccess) progress.pendingSnapshotIndex = 0;
  progress.becomeProbe();
  // After a success its answer is on the way, after a failure it should have a moment.
  progress.hold();
}

function sendSnapshot(core: RaftCore, to: RaftId, progress: Progress): boolean {
  if (!progress.isRecentlyActive) return false;
  const snapshot = core.log.snapshot();
  // A member would not take one of a time before it belonged to the group.
  if (snapshot === null || !membersOf(snapshot.membership).includes(to)) return false;
  assert(snapshot.id.index > 0, 'an empty snapshot');
  progress.becomeSnapshot(snapshot.id.index);
  core.send({ kind: 'snapshot-request', from: core.id, to, term: core.term, snapshot });
  return true;
}

function propose(core: RaftCore, { payloads }: ProposalRequest): StepResult {
  assert(payloads.length > 0, 'an empty proposal');
  // A leader that was removed leads on until others take over, and takes nothing new.
  if (core.tracker.progress(core.id) === undefined || core.transferee !== NO_ONE) return 'dropped';
  const accepted = payloads.map((payload, place) => {
    if (payload.kind !== 'membership') return payload;
    if (core.options.validatesChanges && refusalOf(core, payload.change) !== null) return EMPTY_PAYLOAD;
    core.lastChangeIndex = core.log.lastIndex() + 1 + place;
    return payload;
  });
  if (!core.appendPayloads(accepted)) return 'dropped';
  broadcastAppends(core);
  return 'done';
}

/** Why a membership change cannot be proposed now; null: it can. */
export function refusalOf(core: RaftCore, change: MembershipChange): string | null {
  const { membership } = core.tracker;
  if (core.lastChangeIndex > core.log.applied) {
    return `a change at index ${core.lastChangeIndex} may not be applied yet (applied: ${core.log.applied})`;
  }
  if (isJoint(membership) !== leavesJoint(change)) {
    return isJoint(membership) ? 'the joint configuration has to be left first' : 'the configuration is not joint';
  }
  const outcome = changeMembership(membership, change);
  return outcome.kind === 'refused' ? outcome.reason : null;
}

function read(core: RaftCore, request: ReadIndexRequest): void {
  if (!core.hasCommittedInTerm) core.earlyReads.push(request);
  else confirmRead(core, request);
}

function confirmRead(core: RaftCore, { from, requestId }: ReadIndexRequest): void {
  const index = core.log.committed;
  const isLeased = core.options.readMode === 'lease' && !core.hasHandedOver;
  if (isLeased || core.tracker.isOnlyVoter(core.id)) return core.answerRead(from, requestId, index);
  core.reads.add({ from, requestId, index });
  core.reads.acknowledge(core.id, core.reads.position);
  broadcastHeartbeats(core);
}

function appendAnswered(core: RaftCore, progress: Progress, response: AppendResponse): void {
  progress.isRecentlyActive = true;
  const { log } = core;
  const { from, index, rejection } = response;
  if (rejection !== null) {
    // Entries of a higher term than the hint's cannot match what the member has there: a log's terms only rise.
    const hint = rejection.term > 0 ? log.lastWithin(rejection.index, rejection.term).index : rejection.index;
    if (!progress.refused(index, hint)) return;
    if (progress.state === 'replicate') progress.becomeProbe();
    sendAppend(core, from, 'always');
    return;
  }
  const isNew = progress.accepted(index);
  if (!isNew && !(progress.match === index && progress.state === 'probe')) return;
  if (progress.state === 'probe') progress.becomeReplicate();
  else if (progress.state === 'replicate') progress.inFlight.arrived(index);
  else if (progress.match + 1 >= log.firstIndex()) {
    // The log reaches it again, with the snapshot or without it.
    progress.becomeProbe();
    progress.becomeReplicate();
  }
  if (tryToCommit(core)) {
    releaseEarlyReads(core);
    broadcastAppends(core);
  } else if (from !== core.id && progress.learnsFrom(log.committed)) {
    sendAppend(core, from, 'always');
  }
  if (from === core.id) return;
  // The answer has made room, for small appends even much.
  while (sendAppend(core, from, 'with-entries'));
  if (from === core.transferee && progress.match === log.lastIndex()) handOver(core, from);
}

function releaseEarlyReads(core: RaftCore): void {
  const requests = core.earlyReads;
  core.earlyReads = [];
  for (const request of requests) confirmRead(core, request);
}

function heartbeatAnswered(core: RaftCore, progress: Progress, { from, readPosition }: HeartbeatResponse): void {
  progress.isRecentlyActive = true;
  progress.release();
  if (progress.match < core.log.lastIndex() || progress.state === 'probe') sendAppend(core, from, 'always');
  if (readPosition === 0) return;
  core.reads.acknowledge(from, readPosition);
  for (const { from: reader, requestId, index } of core.reads.takeConfirmed(core.tracker)) {
    core.answerRead(reader, requestId, index);
  }
}

/** Thesis, 3.10: nothing new is taken until the other one has all, and then it may stand at once. */
function transfer(core: RaftCore, transferee: RaftId): void {
  const progress = core.tracker.progress(transferee);
  if (progress === undefined || progress.isLearner || transferee === core.transferee) return;
  core.transferee = NO_ONE;
  if (transferee === core.id) return;
  core.electionElapsedTicks = 0;
  core.transferee = transferee;
  if (progress.match === core.log.lastIndex()) handOver(core, transferee);
  else sendAppend(core, transferee, 'always');
}

function handOver(core: RaftCore, to: RaftId): void {
  core.hasHandedOver = true;
  core.send({ kind: 'timeout-now', from: core.id, to, term: core.term });
}

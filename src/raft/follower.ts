/** What a member does that is led, or waits to be. */
import type { RaftCore } from './core.ts';
import {
  type AppendRequest,
  type HeartbeatRequest,
  type Message,
  NO_ONE,
  type RaftId,
  type SnapshotRequest,
  type StepResult,
} from './types.ts';

export function stepFollower(core: RaftCore, message: Message): StepResult {
  switch (message.kind) {
    case 'proposal-request':
      if (core.leader === NO_ONE || !core.options.forwardsProposals) return 'dropped';
      core.send({ ...message, to: core.leader });
      return 'done';
    case 'append-request':
      heardFrom(core, message.from);
      acceptAppend(core, message);
      return 'done';
    case 'heartbeat-request':
      heardFrom(core, message.from);
      acceptHeartbeat(core, message);
      return 'done';
    case 'snapshot-request':
      heardFrom(core, message.from);
      acceptSnapshot(core, message);
      return 'done';
    case 'transfer-request':
      if (core.leader !== NO_ONE) core.send({ ...message, to: core.leader });
      return 'done';
    case 'timeout-now':
      // No pre-vote: the leader wants it, and has seen that this log is complete.
      core.campaign('transfer');
      return 'done';
    case 'read-index-request':
      if (core.leader === NO_ONE) return 'dropped';
      core.send({ ...message, to: core.leader });
      return 'done';
    case 'read-index-response':
      core.readStates.push({ index: message.index, requestId: message.requestId });
      return 'done';
    default:
      return 'done';
  }
}

/** The leader of the term may be gone; who forgets it may vote for another one at once. */
export function forgetLeader(core: RaftCore): void {
  // With leases the leader counts on being remembered.
  if (core.role === 'follower' && core.options.readMode !== 'lease') core.leader = NO_ONE;
}

function heardFrom(core: RaftCore, leader: RaftId): void {
  core.electionElapsedTicks = 0;
  core.leader = leader;
}

export function acceptAppend(core: RaftCore, request: AppendRequest): void {
  const { log } = core;
  const { previous, entries, commit, from } = request;
  if (previous.index < log.committed) {
    // Sent before the leader knew; what is committed is the same everywhere.
    core.acknowledge(from, log.committed);
    return;
  }
  const lastIndex = log.appendBehind(previous, entries, commit);
  if (lastIndex !== null) {
    core.acknowledge(from, lastIndex);
    return;
  }
  // The last place where the logs may match, so that the leader need not try every one (docs/raft.md).
  const rejection = log.lastWithin(Math.min(previous.index, log.lastIndex()), previous.term);
  const { id, term } = core;
  core.respond({ kind: 'append-response', from: id, to: from, term, index: previous.index, rejection });
}

export function acceptHeartbeat(core: RaftCore, { from, commit, readPosition }: HeartbeatRequest): void {
  core.log.commitTo(commit);
  core.send({ kind: 'heartbeat-response', from: core.id, to: from, term: core.term, readPosition });
}

export function acceptSnapshot(core: RaftCore, { from, snapshot }: SnapshotRequest): void {
  const index = core.restore(snapshot) ? core.log.lastIndex() : core.log.committed;
  core.acknowledge(from, index);
}

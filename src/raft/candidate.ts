/** What a member does that stands for election, or asks whether it should. */
import type { RaftCore } from './core.ts';
import { acceptAppend, acceptHeartbeat, acceptSnapshot } from './follower.ts';
import { broadcastAppends } from './leader.ts';
import { type Message, NO_ONE, type StepResult } from './types.ts';

export function stepCandidate(core: RaftCore, message: Message): StepResult {
  switch (message.kind) {
    case 'proposal-request':
    case 'read-index-request':
      return 'dropped';
    // Somebody else was elected in this term.
    case 'append-request':
      core.becomeFollower(message.term, message.from);
      acceptAppend(core, message);
      return 'done';
    case 'heartbeat-request':
      core.becomeFollower(message.term, message.from);
      acceptHeartbeat(core, message);
      return 'done';
    case 'snapshot-request':
      core.becomeFollower(message.term, message.from);
      acceptSnapshot(core, message);
      return 'done';
    case 'vote-response':
    case 'pre-vote-response': {
      const asked = core.role === 'pre-candidate' ? 'pre-vote-response' : 'vote-response';
      if (message.kind !== asked) return 'done';
      countVote(core, message.from, message.isGranted);
      return 'done';
    }
    default:
      return 'done';
  }
}

function countVote(core: RaftCore, from: Message['from'], isGranted: boolean): void {
  const result = core.tracker.recordVote(from, isGranted);
  if (result === 'lost') core.becomeFollower(core.term, NO_ONE);
  if (result !== 'won') return;
  if (core.role === 'pre-candidate') return core.runFor('vote');
  core.becomeLeader();
  broadcastAppends(core);
}

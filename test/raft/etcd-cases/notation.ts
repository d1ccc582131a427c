/** Our messages, effects and states in the notation of the cases. */
import { unreachable } from '../../../src/base/index.ts';
import type { ThreadResponse } from './threads.ts';
import {
  type Entry,
  type EntryId,
  type HardState,
  type MemberChange,
  type MembershipChange,
  type MembershipState,
  type Message,
  NO_ENTRY,
  type Payload,
  type RaftNode,
  type Ready,
  type Role,
  type Snapshot,
} from '../../../src/raft/index.ts';

type Fields = Readonly<{
  from: string;
  to: string;
  type: string;
  term?: number;
  log?: EntryId;
  rejectHint?: number | null;
  commit?: number;
  vote?: number;
  entries?: readonly Entry[];
  snapshot?: Snapshot | null;
}>;

type Progress = NonNullable<ReturnType<RaftNode['core']['tracker']['progress']>>;

const ROLES: Readonly<Record<Role, string>> = {
  follower: 'StateFollower',
  'pre-candidate': 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
};
const CHANGE_LETTERS: Readonly<Record<MemberChange['kind'], string>> = {
  'add-voter': 'v',
  'add-learner': 'l',
  remove: 'r',
};
const PROGRESS_STATES = { probe: 'StateProbe', replicate: 'StateReplicate', snapshot: 'StateSnapshot' } as const;

/** Changes that were proposed in the older form; here there is but one. */
const olderChanges = new WeakSet<MembershipChange>();

export function markOlder(change: MembershipChange): void {
  olderChanges.add(change);
}

export function typeName({ kind }: Message): string {
  switch (kind) {
    case 'vote-request':
      return 'MsgVote';
    case 'vote-response':
      return 'MsgVoteResp';
    case 'pre-vote-request':
      return 'MsgPreVote';
    case 'pre-vote-response':
      return 'MsgPreVoteResp';
    case 'append-request':
      return 'MsgApp';
    case 'append-response':
      return 'MsgAppResp';
    case 'heartbeat-request':
      return 'MsgHeartbeat';
    case 'heartbeat-response':
      return 'MsgHeartbeatResp';
    case 'snapshot-request':
      return 'MsgSnap';
    case 'timeout-now':
      return 'MsgTimeoutNow';
    case 'proposal-request':
      return 'MsgProp';
    case 'read-index-request':
      return 'MsgReadIndex';
    case 'read-index-response':
      return 'MsgReadIndexResp';
    case 'transfer-request':
      return 'MsgTransferLeader';
    default:
      return unreachable(kind);
  }
}

export function describeMessage(message: Message): string {
  const { from, to } = message;
  const term = 'term' in message ? message.term : 0;
  const head = { from: hex(from), to: hex(to), type: typeName(message), term };
  switch (message.kind) {
    case 'vote-request':
    case 'pre-vote-request':
      return describeFields({ ...head, log: message.last });
    case 'vote-response':
    case 'pre-vote-response':
      return describeFields({ ...head, rejectHint: message.isGranted ? null : 0 });
    case 'append-request':
      return describeFields({ ...head, log: message.previous, commit: message.commit, entries: message.entries });
    case 'append-response': {
      const { rejection, index } = message;
      return describeFields({
        ...head,
        log: { term: rejection?.term ?? 0, index },
        rejectHint: rejection?.index ?? null,
      });
    }
    case 'heartbeat-request':
      return describeFields({ ...head, commit: message.commit });
    case 'snapshot-request':
      return describeFields({ ...head, snapshot: message.snapshot });
    case 'read-index-response':
      return describeFields({ ...head, log: { term: 0, index: message.index } });
    case 'proposal-request':
      return describeFields({ ...head, entries: message.payloads.map((payload) => ({ ...NO_ENTRY, payload })) });
    case 'heartbeat-response':
    case 'timeout-now':
    case 'read-index-request':
    case 'transfer-request':
      return describeFields(head);
    default:
      return unreachable(message);
  }
}

export function describeFields(fields: Fields): string {
  const { from, to, type, term = 0, log = NO_ENTRY, rejectHint = null, commit = 0, vote = 0 } = fields;
  const { entries = [], snapshot = null } = fields;
  let text = `${from}->${to} ${type} Term:${term} Log:${log.term}/${log.index}`;
  if (rejectHint !== null) text += ` Rejected (Hint: ${rejectHint})`;
  if (commit !== 0) text += ` Commit:${commit}`;
  if (vote !== 0) text += ` Vote:${vote}`;
  if (entries.length === 1) text += ` Entries:[${describeEntry(entries[0]!)}]`;
  else if (entries.length > 1) text += ` Entries:[${entries.map((entry) => `\n  ${describeEntry(entry)}`).join('')}\n]`;
  if (snapshot !== null) text += `\n  Snapshot: ${describeSnapshot(snapshot)}`;
  return text;
}

/** A write or an application with what is sent when it is done. */
export function describeWork(work: string, responses: readonly ThreadResponse[]): string {
  if (responses.length === 0) return work;
  return [`${work} Responses:[`, ...responses.map(({ text }) => indented(text)), ']'].join('\n');
}

export function describeReady(ready: Ready, messages: readonly string[]): string {
  const { standing, append, committed } = ready;
  const parts: string[] = [];
  if (standing !== null) parts.push(`Lead:${standing.leader} State:${ROLES[standing.role]}`);
  if (append !== null && append.hardState !== null) parts.push(`HardState ${describeHardState(append.hardState)}`);
  if (append !== null && append.entries.length > 0) parts.push('Entries:', ...append.entries.map(describeEntry));
  if (append !== null && append.snapshot !== null) parts.push(`Snapshot ${describeSnapshot(append.snapshot)}`);
  if (committed.length > 0) parts.push('CommittedEntries:', ...committed.map(describeEntry));
  if (messages.length > 0) parts.push('Messages:', ...messages);
  if (parts.length === 0) return '<empty Ready>';
  return [`Ready MustSync=${append?.isSyncNeeded ?? false}:`, ...parts].join('\n');
}

export function describeEntry({ term, index, payload }: Entry): string {
  const content = describePayload(payload);
  return `${term}/${index} ${payloadType(payload)}${content === '' ? '' : ` ${content}`}`;
}

export function describeRole(role: Role): string {
  return ROLES[role];
}

export function describeMembership(membership: MembershipState): string {
  const { voters, outgoing, learners, nextLearners, leavesByItself } = membership;
  let text = `voters=(${voters.join(' ')})`;
  if (outgoing.length > 0) text += `&&(${outgoing.join(' ')})`;
  if (learners.length > 0) text += ` learners=(${learners.join(' ')})`;
  if (nextLearners.length > 0) text += ` learners_next=(${nextLearners.join(' ')})`;
  return leavesByItself ? `${text} autoleave` : text;
}

export function describeProgress(progress: Progress): string {
  const { match, next, state, isLearner, isPaused, isRecentlyActive, pendingSnapshotIndex, inFlight } = progress;
  let text = `${PROGRESS_STATES[state]} match=${match} next=${next}`;
  if (isLearner) text += ' learner';
  if (isPaused) text += ' paused';
  if (pendingSnapshotIndex > 0) text += ` pendingSnap=${pendingSnapshotIndex}`;
  if (!isRecentlyActive) text += ' inactive';
  if (inFlight.count > 0) text += ` inflight=${inFlight.count}${inFlight.isFull ? '[full]' : ''}`;
  return text;
}

export function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}

function describeHardState({ term, vote, commit }: HardState): string {
  return `Term:${term}${vote === 0 ? '' : ` Vote:${vote}`} Commit:${commit}`;
}

function describeSnapshot({ id, membership }: Snapshot): string {
  const { voters, outgoing, learners, nextLearners, leavesByItself } = membership;
  const sets = `Voters:${list(voters)} VotersOutgoing:${list(outgoing)} Learners:${list(learners)}`;
  const state = `${sets} LearnersNext:${list(nextLearners)} AutoLeave:${leavesByItself}`;
  return `Index:${id.index} Term:${id.term} ConfState:${state}`;
}

function describePayload(payload: Payload): string {
  if (payload.kind === 'data') return JSON.stringify(Buffer.from(payload.data).toString());
  return payload.change.changes.map(({ kind, id }) => `${CHANGE_LETTERS[kind]}${id}`).join(' ');
}

function payloadType(payload: Payload): string {
  if (payload.kind === 'data') return 'EntryNormal';
  return olderChanges.has(payload.change) ? 'EntryConfChange' : 'EntryConfChangeV2';
}

function list(ids: readonly number[]): string {
  return `[${ids.join(' ')}]`;
}

function hex(id: number): string {
  return id.toString(16);
}

/**
 * The words of the consensus core: entries, messages, and what an instance has to keep and to carry out.
 *
 * Terms and indexes are safe integers, 0 meaning none; they travel in pairs (`EntryId`) wherever both are meant, so that
 * neither can stand where the other is expected. Ids of members are positive.
 */
import type { MembershipChange, MembershipState } from './membership/types.ts';
import { NO_ONE, type RaftId } from './raft-id.ts';

export * from './raft-id.ts';

export type EntryId = Readonly<{ term: number; index: number }>;
export const NO_ENTRY: EntryId = { term: 0, index: 0 };

/** An entry without data is what a new leader begins its term with. */
export type Entry = Readonly<{ term: number; index: number; payload: Payload }>;
export type Payload =
  Readonly<{ kind: 'data'; data: Uint8Array }> | Readonly<{ kind: 'membership'; change: MembershipChange }>;

/** What must be on disk before anything that follows from it is told to others. */
export type HardState = Readonly<{
  term: number;
  /** For whom this member voted in `term`. */
  vote: RaftId;
  /** May be behind what is committed, for it is found again; but not behind what was handed out before or with an entry on disk. */
  commit: number;
}>;
export const INITIAL_HARD_STATE: HardState = { term: 0, vote: NO_ONE, commit: 0 };

/** The state that the entries up to `id.index` lead to. `data` belongs to the user: the bytes, or where they are got. */
export type Snapshot = Readonly<{ id: EntryId; membership: MembershipState; data: Uint8Array }>;

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

type Between = Readonly<{ from: RaftId; to: RaftId }>;
/** `term` is the sender's, but for a pre-vote: there it is the term that is asked for. */
type InTerm = Between & Readonly<{ term: number }>;

export type VoteRequest = InTerm &
  Readonly<{ kind: 'vote-request' | 'pre-vote-request'; last: EntryId; isTransfer: boolean }>;
export type VoteResponse = InTerm & Readonly<{ kind: 'vote-response' | 'pre-vote-response'; isGranted: boolean }>;
export type AppendRequest = InTerm &
  Readonly<{ kind: 'append-request'; previous: EntryId; entries: readonly Entry[]; commit: number }>;
export type AppendResponse = InTerm &
  Readonly<{
    kind: 'append-response';
    /** Accepted: the log matches up to here. Rejected: the `previous.index` that was refused. */
    index: number;
    /** Where the logs may match at most; null: accepted. */
    rejection: EntryId | null;
  }>;
/** `readPosition` counts the reads that the response confirms; 0: none. */
export type HeartbeatRequest = InTerm & Readonly<{ kind: 'heartbeat-request'; commit: number; readPosition: number }>;
export type HeartbeatResponse = InTerm & Readonly<{ kind: 'heartbeat-response'; readPosition: number }>;
export type SnapshotRequest = InTerm & Readonly<{ kind: 'snapshot-request'; snapshot: Snapshot }>;
/** Begin an election now, for the leader hands over to you. */
export type TimeoutNow = InTerm & Readonly<{ kind: 'timeout-now' }>;

/** Forwarded to the leader; they bear no term, for they are true in any. */
export type ProposalRequest = Between & Readonly<{ kind: 'proposal-request'; payloads: readonly Payload[] }>;
export type ReadIndexRequest = Between & Readonly<{ kind: 'read-index-request'; requestId: number }>;
export type TransferRequest = Between & Readonly<{ kind: 'transfer-request'; transferee: RaftId }>;
export type ReadIndexResponse = InTerm & Readonly<{ kind: 'read-index-response'; index: number; requestId: number }>;

export type Message =
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | HeartbeatRequest
  | HeartbeatResponse
  | SnapshotRequest
  | TimeoutNow
  | ProposalRequest
  | ReadIndexRequest
  | ReadIndexResponse
  | TransferRequest;
export type MessageKind = Message['kind'];

/** A read with `requestId` may be answered by a state in which `index` is applied. */
export type ReadState = Readonly<{ index: number; requestId: number }>;

/** What of the log and of the state is to be written, in this order, by one write. */
export type Append = Readonly<{
  /** null: as before. */
  hardState: HardState | null;
  /** The state and the log begin anew behind it; null: none. */
  snapshot: Snapshot | null;
  /** They replace whatever the log has from the first one's index on. */
  entries: readonly Entry[];
  /** False: may be written without waiting for the disk; only the commit index moved. */
  isSyncNeeded: boolean;
  /** Leave when the write, and all before it, are durable. */
  messages: readonly Message[];
  /** To be handed to `RaftNode.appended` when the write, and all before it, are durable. */
  token: AppendToken;
}>;

/** What becomes durable: up to which entry, of which term's leader, and which snapshot. */
export type AppendToken = Readonly<{
  term: number;
  last: EntryId | null;
  snapshotIndex: number | null;
  /** This member's own votes and acknowledgements, which count only now. */
  own: readonly (VoteResponse | AppendResponse)[];
}>;

/** What is to be done next, in any order but as the fields say. Taking it means doing it. */
export type Ready = Readonly<{
  /** Who leads and what this member is, if either changed. */
  standing: Standing | null;
  append: Append | null;
  /** May leave now, also before the append. */
  messages: readonly Message[];
  /** To be applied in order; then `RaftNode.applied` is told. Entries of an older Ready come first. */
  committed: readonly Entry[];
  reads: readonly ReadState[];
}>;

export type Standing = Readonly<{ role: Role; leader: RaftId }>;

/** `dropped`: what was asked for is in no log; try again later or elsewhere. */
export type StepResult = 'done' | 'dropped';

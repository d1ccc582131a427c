/** What an election is told, and what it wants done. */
import type { BoxError } from '../../base/index.ts';
import type { RaftMessage } from '../../codec/iproto/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';

/**
 * `off`: neither votes nor stands, only remembers terms. `voter`: votes. `manual`: votes, and stands when told by
 * `promote`, for one term. `candidate`: votes, and stands whenever there is no leader.
 */
export type ElectionMode = 'off' | 'voter' | 'manual' | 'candidate';

/**
 * Whether a leader that has lost the quorum of its connections resigns. `strict`: it also gives up on silent peers before
 * they give up on it, so that there are never two at a time as far as timeouts can do it.
 */
export type FencingMode = 'off' | 'soft' | 'strict';

export type ElectionOptions = Readonly<{
  mode: ElectionMode;
  fencing: FencingMode;
  /** How long a candidate waits for votes before the next term; up to a tenth is added at random. */
  electionTimeoutMs: number;
  /** A leader that was silent for four times this is dead. */
  replicationTimeoutMs: number;
}>;

/** What survives a restart. */
export type PersistedState = Readonly<{
  term: number;
  /** Who got this instance's vote in the term; 0: nobody. */
  vote: number;
}>;

export type ElectionInput =
  /** The instance has read its log, knows its id for good, and may talk to others. */
  | Readonly<{ kind: 'start' }>
  | Readonly<{ kind: 'configure'; options: ElectionOptions }>
  | Readonly<{ kind: 'message'; from: number; message: RaftMessage }>
  /** The last `persist` is on disk. A write that fails must be repeated, or end the instance. */
  | Readonly<{ kind: 'persisted' }>
  /** The time of the last `setTimer` is over; one that comes early or after `clearTimer` does no harm. */
  | Readonly<{ kind: 'timerFired' }>
  /** Anything came from this instance, be it rows or a heartbeat. */
  | Readonly<{ kind: 'heard'; from: number }>
  /** What this instance has written. */
  | Readonly<{ kind: 'vclockChanged'; vclock: Vclock }>
  /** Registered instances with live connections, this one left out. */
  | Readonly<{ kind: 'peersChanged'; connectedIds: readonly number[] }>
  /** The synchronous quorum, and the number of registered instances, this one included. */
  | Readonly<{ kind: 'quorumChanged'; quorum: number; replicaCount: number }>
  /** Whether the instance is fit to lead. Initially it is. */
  | Readonly<{ kind: 'readinessChanged'; canLead: boolean }>
  /** Stand for election now, in a new term. Answered by `promoteDone`. */
  | Readonly<{ kind: 'promote' }>
  /** Stop leading. Nothing if it does not lead. */
  | Readonly<{ kind: 'resign' }>
  /** Begin a new term without standing: how PROMOTE and DEMOTE get theirs while elections are off. */
  | Readonly<{ kind: 'raiseTerm' }>;

export type StepDownReason = 'new term' | 'resigned' | 'fenced' | 'not ready' | 'elections off' | 'not a candidate';

export type ElectionEffect =
  /** Write as a local RAFT row and report by `persisted`. One at a time. */
  | Readonly<{ kind: 'persist'; term: number; vote: number }>
  /** Send to all peers, and to each that connects later; only the last one counts. */
  | Readonly<{ kind: 'broadcast'; message: RaftMessage }>
  /** Replaces the one before. */
  | Readonly<{ kind: 'setTimer'; afterMs: number }>
  | Readonly<{ kind: 'clearTimer' }>
  /** A new term is known, not written yet: the owner of the synchronous queue must decide nothing more. */
  | Readonly<{ kind: 'termBegan'; term: number }>
  /** 0: none is known. */
  | Readonly<{ kind: 'leaderChanged'; leaderId: number }>
  /** The caller takes over the synchronous queue (PROMOTE in this term), which makes the instance writable. */
  | Readonly<{ kind: 'becameLeader'; term: number }>
  | Readonly<{ kind: 'steppedDown'; term: number; reason: StepDownReason }>
  /** Elections are on and it does not lead. */
  | Readonly<{ kind: 'readOnlyChanged'; isReadOnly: boolean }>
  | Readonly<{ kind: 'promoteDone'; error: BoxError | null }>
  /** Replication from the sender must stop. */
  | Readonly<{ kind: 'messageRefused'; from: number; error: BoxError }>
  /** Two leaders in one term: some instance's quorum is not a majority. */
  | Readonly<{ kind: 'conflictingLeader'; knownId: number; otherId: number }>;

/** When a step happens, and a number of [0, 1) for what it does at random. */
export type StepContext = Readonly<{ nowMs: number; fraction: number }>;

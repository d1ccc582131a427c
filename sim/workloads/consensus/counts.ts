/** What happened in a run of a consensus group. Over many seeds each count must be above zero. */
import type { RequestCounts } from '../common/shop.ts';

export type RunCounts = RequestCounts & {
  /** Reads confirmed by a quorum. */
  reads: number;
  swaps: number;
  appends: number;
  batches: number;
  /** Requests that were refused and have changed nothing, conflicts not among them. */
  refusals: number;
  /** Terms that had a leader. */
  elections: number;
  transfers: number;
  kills: number;
  powerCuts: number;
  /** Power cuts that took something that was written. */
  lostSyncs: number;
  tornTails: number;
  /** Members that were filled by a snapshot. */
  snapshots: number;
  /** Logs that were cut at their beginning. */
  compactions: number;
  checkpoints: number;
  addedLearners: number;
  promotions: number;
  removals: number;
  /** Members that came back under a new id with an empty directory. */
  rejoins: number;
  /** Directories put back as they had been some time before. */
  restoredDirectories: number;
  /** Of those: in the same directory, with other files or the same. */
  restoredInPlace: number;
  /** Copies of a member's directory that were started on another machine, and those that the others have believed. */
  startedCopies: number;
  trustedCopies: number;
  /** Restored and copied: they were refused, for they lacked what the member had said; and nothing spoke against them. */
  expelledDirectories: number;
  trustedDirectories: number;
  /** Members whose log could not be recovered, in wal_mode write behind a power cut. */
  damagedMembers: number;
  linkCuts: number;
  oneWayCuts: number;
  partitions: number;
  slowLinks: number;
  brokenConnections: number;
  freezes: number;
  clockJumps: number;
  diskFaults: number;
  failedStarts: number;
  brokenLogs: number;
  /** Keys whose history was too long to be judged. */
  undecidedKeys: number;
};

export function emptyCounts(): RunCounts {
  return {
    acknowledged: 0,
    unknownOutcomes: 0,
    failedWrites: 0,
    conflicts: 0,
    duplicates: 0,
    reads: 0,
    swaps: 0,
    appends: 0,
    batches: 0,
    refusals: 0,
    elections: 0,
    transfers: 0,
    kills: 0,
    powerCuts: 0,
    lostSyncs: 0,
    tornTails: 0,
    snapshots: 0,
    compactions: 0,
    checkpoints: 0,
    addedLearners: 0,
    promotions: 0,
    removals: 0,
    rejoins: 0,
    restoredDirectories: 0,
    restoredInPlace: 0,
    startedCopies: 0,
    trustedCopies: 0,
    expelledDirectories: 0,
    trustedDirectories: 0,
    damagedMembers: 0,
    linkCuts: 0,
    oneWayCuts: 0,
    partitions: 0,
    slowLinks: 0,
    brokenConnections: 0,
    freezes: 0,
    clockJumps: 0,
    diskFaults: 0,
    failedStarts: 0,
    brokenLogs: 0,
    undecidedKeys: 0,
  };
}

/** What need not happen: the rarer it is, the better; or no client does it. */
export const OPTIONAL_COUNTS: readonly (keyof RunCounts)[] = [
  'duplicates',
  'failedWrites',
  'damagedMembers',
  'brokenLogs',
  'undecidedKeys',
];

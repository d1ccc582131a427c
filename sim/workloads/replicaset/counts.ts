/** What happened in a run of a replica set. Over many seeds each count must be above zero, or nothing tests it any more. */
import type { RequestCounts } from '../common/shop.ts';

export type RunCounts = RequestCounts & {
  /** Replicas that got their first data by JOIN. */
  joins: number;
  /** Subscriptions behind the first one of a replica with a master. */
  reconnects: number;
  /** Joins of a replica that had been a member before: its directory was given up. */
  rejoins: number;
  /** States sent to anonymous replicas. */
  anonymousReplicas: number;
  /** Anonymous replicas that became members. */
  registrations: number;
  kills: number;
  machineCrashes: number;
  /** Kills and power cuts of an instance that had no data of its own yet. */
  endsDuringJoin: number;
  /** Kills and power cuts of an instance that followed a master. */
  endsDuringFollow: number;
  linkCuts: number;
  oneWayCuts: number;
  slowLinks: number;
  brokenConnections: number;
  /** Subscriptions refused because the one before still lived. */
  duplicateConnections: number;
  clockJumps: number;
  reconfigurations: number;
  tornTails: number;
  snapshots: number;
  collectedLogs: number;
  /** Acknowledged transactions of more than one row. */
  transactionsOfSeveralRows: number;
  /** Keys that several masters had acknowledged to different clients. */
  skippedConflicts: number;
  /** Replicas whose master did not keep what they lacked. */
  gaps: number;
  /** Replicas whose log could not be recovered, in wal_mode write behind a power cut. */
  damagedReplicas: number;
  brokenLogs: number;
  failedStarts: number;
};

export function emptyCounts(): RunCounts {
  return {
    acknowledged: 0,
    unknownOutcomes: 0,
    failedWrites: 0,
    conflicts: 0,
    duplicates: 0,
    joins: 0,
    reconnects: 0,
    rejoins: 0,
    anonymousReplicas: 0,
    registrations: 0,
    kills: 0,
    machineCrashes: 0,
    endsDuringJoin: 0,
    endsDuringFollow: 0,
    linkCuts: 0,
    oneWayCuts: 0,
    slowLinks: 0,
    brokenConnections: 0,
    duplicateConnections: 0,
    clockJumps: 0,
    reconfigurations: 0,
    tornTails: 0,
    snapshots: 0,
    collectedLogs: 0,
    transactionsOfSeveralRows: 0,
    skippedConflicts: 0,
    gaps: 0,
    damagedReplicas: 0,
    brokenLogs: 0,
    failedStarts: 0,
  };
}

/** What need not happen: the rarer it is, the better; or clients of one key each never meet. */
export const OPTIONAL_COUNTS: readonly (keyof RunCounts)[] = [
  'conflicts',
  'damagedReplicas',
  'brokenLogs',
  'gaps',
  'rejoins',
];

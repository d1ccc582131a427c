/** What is counted of the members of any simulated replica set. */
import type { RequestCounts } from '../shop.ts';

export type MemberCounts = RequestCounts & {
  /** Replicas that got their first data by JOIN. */
  joins: number;
  /** Subscriptions behind the first one of a replica with a master. */
  reconnects: number;
  /** Joins of a replica that had been a member before: its directory was given up. */
  rejoins: number;
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
  /** Replicas whose master did not keep what they lacked. */
  gaps: number;
  /** Replicas whose log could not be recovered, in wal_mode write behind a power cut. */
  damagedReplicas: number;
  brokenLogs: number;
  failedStarts: number;
};

export function emptyMemberCounts(): MemberCounts {
  return {
    acknowledged: 0,
    unknownOutcomes: 0,
    failedWrites: 0,
    conflicts: 0,
    duplicates: 0,
    joins: 0,
    reconnects: 0,
    rejoins: 0,
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
    gaps: 0,
    damagedReplicas: 0,
    brokenLogs: 0,
    failedStarts: 0,
  };
}

/** What happened in a run. Over many seeds each count must be above zero, or the workload has stopped to test it. */
export type RunCounts = {
  /** Requests that were answered with success. */
  acknowledged: number;
  /** Ends of the process with the machine left standing. */
  kills: number;
  cleanStops: number;
  machineCrashes: number;
  /** Machine crashes after which a file held less than before. */
  crashesWithLostSync: number;
  /** Starts that found an incomplete block at the end of the newest log file. */
  tornTails: number;
  snapshots: number;
  /** Log files of one directory beyond the first. */
  rotations: number;
  collectedFiles: number;
  /** Requests refused with ER_WAL_IO. */
  failedWrites: number;
  failedSnapshots: number;
  conflicts: number;
  /** Requests whose outcome the client did not learn. */
  unknownOutcomes: number;
  brokenConnections: number;
  /** Requests refused for a key of a unique index that another client holds. */
  duplicates: number;
  schemaChanges: number;
  /** Ends of the instance by a log that could not keep its promise any more. */
  brokenLogs: number;
  /** In wal_mode write: starts that a hole in the log refused until recovery was forced. */
  forcedRecoveries: number;
};

export function emptyCounts(): RunCounts {
  return {
    acknowledged: 0,
    kills: 0,
    cleanStops: 0,
    machineCrashes: 0,
    crashesWithLostSync: 0,
    tornTails: 0,
    snapshots: 0,
    rotations: 0,
    collectedFiles: 0,
    failedWrites: 0,
    failedSnapshots: 0,
    conflicts: 0,
    unknownOutcomes: 0,
    brokenConnections: 0,
    duplicates: 0,
    schemaChanges: 0,
    brokenLogs: 0,
    forcedRecoveries: 0,
  };
}

/** What need not happen: the rarer it is, the better. */
export const OPTIONAL_COUNTS: readonly (keyof RunCounts)[] = ['forcedRecoveries'];

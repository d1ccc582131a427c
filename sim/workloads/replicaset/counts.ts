/** What happened in a run of a replica set. Over many seeds each count must be above zero, or nothing tests it any more. */
import { emptyMemberCounts, type MemberCounts } from '../common/members/counts.ts';

export type RunCounts = MemberCounts & {
  /** States sent to anonymous replicas. */
  anonymousReplicas: number;
  /** Anonymous replicas that became members. */
  registrations: number;
  /** Acknowledged transactions of more than one row. */
  transactionsOfSeveralRows: number;
  /** Keys that several masters had acknowledged to different clients. */
  skippedConflicts: number;
};

export function emptyCounts(): RunCounts {
  return {
    ...emptyMemberCounts(),
    anonymousReplicas: 0,
    registrations: 0,
    transactionsOfSeveralRows: 0,
    skippedConflicts: 0,
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

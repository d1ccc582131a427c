/** What happened in a run with synchronous spaces. Over many seeds each count must be above zero. */
import { emptyMemberCounts, type MemberCounts } from '../common/members/counts.ts';

export type RunCounts = MemberCounts & {
  /** Acknowledged transactions that had to have a quorum. */
  confirmed: number;
  /** Given up because no quorum had them in time. */
  timedOut: number;
  /** Given up because somebody else decided so, or something before them was given up. */
  rolledBack: number;
  /** Given up, and there all the same: a new leader had them and knew nothing of it. */
  revived: number;
  /** Acknowledged asynchronous writes that were lost with the leader that had them alone. */
  lostAsynchronous: number;
  /** Transactions of both spaces. */
  mixedTransactions: number;
  /** Writes without an answer that were sent again, maybe to somebody else. */
  retries: number;
  /** Refused by a member that did not lead. */
  notLeader: number;
  elections: number;
  handPromotions: number;
  failedPromotions: number;
  demotions: number;
  /** Kills and power cuts of whoever led. */
  leaderEnds: number;
  /** Leaders that never came back. */
  lostLeaders: number;
  /** Members that had gone ways of their own and were refused. */
  splitBrains: number;
  /** Runs with a leader that led no more because it had lost the quorum. */
  fenced: number;
};

export function emptyCounts(): RunCounts {
  return {
    ...emptyMemberCounts(),
    confirmed: 0,
    timedOut: 0,
    rolledBack: 0,
    revived: 0,
    lostAsynchronous: 0,
    mixedTransactions: 0,
    retries: 0,
    notLeader: 0,
    elections: 0,
    handPromotions: 0,
    failedPromotions: 0,
    demotions: 0,
    leaderEnds: 0,
    lostLeaders: 0,
    splitBrains: 0,
    fenced: 0,
  };
}

/** What need not happen: the rarer it is, the better; or no client does it. */
export const OPTIONAL_COUNTS: readonly (keyof RunCounts)[] = [
  'conflicts',
  'duplicates',
  'damagedReplicas',
  'brokenLogs',
  'gaps',
  'endsDuringJoin',
  'revived',
  'rejoins',
  'splitBrains',
  'lostAsynchronous',
];

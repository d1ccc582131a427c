/**
 * Whom a server without data gets them from, by what all servers that it is configured with say of themselves. Everybody
 * who asks the same servers comes to the same answer.
 *
 * Servers from 2.10 on answer four questions: whether they have data, are configured to take writes, take writes now, and
 * may lead; each counts more than all behind it. If any is older, the order of 2.6 is everybody's: not read-only, not
 * loading. The greatest vclock decides then, and the smallest uuid at last.
 */
import type { Ballot } from '../../codec/iproto/index.ts';
import { compareVclocks } from '../../codec/xlog/index.ts';

export type Candidate = Readonly<{ uuid: string; ballot: Ballot }>;

const SCORE = { booted: 1000, writableByConfiguration: 100, writable: 10, canLead: 1 } as const;

/** Null without candidates. */
export function chooseLeader<Server extends Candidate>(servers: readonly Server[]): Server | null {
  const isOld = servers.some(({ ballot }) => ballot.isBooted === null);
  const candidates = servers.filter(({ ballot }) => ballot.isAnonymous !== true);
  let best: Server | null = null;
  for (const server of candidates) if (best === null || isBetter(server, best, isOld)) best = server;
  return best;
}

function isBetter(server: Candidate, other: Candidate, isOld: boolean): boolean {
  const score = isOld ? oldScore : newScore;
  const difference = score(server.ballot) - score(other.ballot);
  if (difference !== 0) return difference > 0;
  const order = compareVclocks(server.ballot.vclock, other.ballot.vclock);
  if (order === 'after' || order === 'before') return order === 'after';
  return server.uuid < other.uuid;
}

function oldScore(ballot: Ballot): number {
  return (ballot.isReadOnlyConfigured ? 0 : 2) + (ballot.isReadOnly ? 0 : 1);
}

function newScore(ballot: Ballot): number {
  return (
    (ballot.isBooted === true ? SCORE.booted : 0) +
    (ballot.isReadOnlyConfigured ? 0 : SCORE.writableByConfiguration) +
    (ballot.isReadOnly ? 0 : SCORE.writable) +
    (ballot.canLead === true ? SCORE.canLead : 0)
  );
}

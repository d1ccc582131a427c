/**
 * How a server that has data stands to its masters when it starts, by what they say of themselves: whether one of them has
 * the log behind its state, and if none has, who could give it the data anew without losing a row that it has.
 */
import type { Vclock } from '../../codec/xlog/index.ts';
import { covers } from '../relay/log-feed.ts';
import type { Candidate } from './leader.ts';

export type Standing<Server> = Readonly<{
  /** `unknown`: nobody who has data has answered. */
  kind: 'unknown' | 'canFollow' | 'leftBehind';
  /** All who have data. */
  masters: readonly Server[];
  /** Those of them that have every row that it has. */
  sources: readonly Server[];
}>;

/** Local rows do not count: nobody else has them. The server itself may be among `servers`. */
export function standingOf<Server extends Candidate>(
  vclock: Vclock,
  instanceUuid: string,
  servers: readonly Server[],
): Standing<Server> {
  const masters = servers.filter(({ uuid, ballot }) => uuid !== instanceUuid && ballot.isBooted !== false);
  const sources = masters.filter(({ ballot }) => covers(ballot.vclock, vclock));
  const canFollow = masters.some(({ ballot }) => covers(vclock, ballot.gcVclock));
  return { kind: masters.length === 0 ? 'unknown' : canFollow ? 'canFollow' : 'leftBehind', masters, sources };
}

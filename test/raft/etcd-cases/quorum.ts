/** The commands of the quorum cases: what a quorum has reached, or how a vote ends. */
import { raftId } from '../../../src/raft/index.ts';
import {
  jointReached,
  jointVote,
  majorityReached,
  majorityVote,
  UNBOUNDED,
} from '../../../src/raft/membership/quorum.ts';
import { numbers, type Step, values } from './data-driven.ts';

const RESULTS = { won: 'VoteWon', lost: 'VoteLost', pending: 'VotePending' } as const;

/** A case draws its input and puts the result behind it; the drawing is not of the core, and is taken as it is. */
export function playQuorum({ command, args, expected }: Step): readonly string[] {
  const voters = numbers(args, 'cfg').map(raftId);
  const joint = values(args, 'cfgj');
  const outgoing = joint[0] === 'zero' ? [] : joint.map((id) => raftId(Number(id)));
  const ids = [...new Set([...voters, ...outgoing])];
  const isJoint = joint.length > 0;
  if (command === 'vote') {
    const votes = new Map(ids.map((id, place) => [id, VOTES[values(args, 'votes')[place]!]]));
    const vote = (id: number): boolean | undefined => votes.get(raftId(id));
    const results = [
      isJoint ? jointVote({ voters, outgoing }, vote) : majorityVote(voters, vote),
      jointVote({ voters: outgoing, outgoing: voters }, vote),
    ];
    return [...new Set(results)].map((result) => RESULTS[result]);
  }
  const indexes = new Map(ids.map((id, place) => [id, Number(values(args, 'idx')[place]!.replace('_', '0'))]));
  const reached = (id: number): number => indexes.get(raftId(id)) ?? 0;
  const results = [
    isJoint ? jointReached({ voters, outgoing }, reached) : majorityReached(voters, reached),
    jointReached({ voters: outgoing, outgoing: voters }, reached),
  ];
  const lines = [...new Set(results)].map((index) => (index === UNBOUNDED ? '∞' : String(index)));
  const drawing = expected.join('\n').replace(/(\d+|∞)$/, '');
  return (drawing + lines.join('\n')).split('\n');
}

const VOTES: Readonly<Record<string, boolean | undefined>> = { y: true, n: false, _: undefined };

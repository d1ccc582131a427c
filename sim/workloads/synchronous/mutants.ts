/** Instances that break a promise, to see that the workload notices. */
import type { Instance } from '../../../src/instance/index.ts';
import type { SynchronousRunOptions } from './run.ts';

type Tell = Instance['replication']['elections']['tell'];

const CANDIDATE = 2;
const FOLLOWER = 1;

/** Gives its vote to everybody who asks for it, and takes no notice of votes for others. */
function givesVotesTwice(instance: Instance): void {
  const { elections, relays } = instance.replication;
  const tell: Tell = elections.tell.bind(elections);
  elections.tell = (input) => {
    if (input.kind !== 'message') {
      tell(input);
      return;
    }
    const { from, message } = input;
    const isForThird = message.vote !== from && message.vote !== instance.replication.members.ownId;
    tell({ ...input, message: isForThird ? { ...message, vote: 0 } : message });
    if (message.state !== CANDIDATE || message.term !== elections.term || elections.state === 'leader') return;
    const vote = { term: message.term, vote: from, state: FOLLOWER, vclock: null, leaderId: 0, isLeaderSeen: false };
    relays?.broadcast(vote);
  };
}

export const MUTANTS = {
  givesVotesTwice: { onUp: givesVotesTwice },
  /** One less than a majority. */
  quorumOffByOne: {
    changeSettings: (settings) => ({
      ...settings,
      members: settings.members.map((plan) => {
        return { ...plan, replication: { ...plan.replication, synchroQuorum: settings.majority - 1 } };
      }),
    }),
  },
  /** None: what is noticed must not come from the wrapping. */
  keepsItsPromises: { onUp: () => undefined, changeSettings: (settings) => settings },
} as const satisfies Record<string, SynchronousRunOptions>;

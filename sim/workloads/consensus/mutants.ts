/** Members that break a promise, to see that the workload notices. */
import type { Instance } from '../../../src/instance/index.ts';
import { NO_ONE, type RaftNode } from '../../../src/raft/index.ts';
import { LOG_MUTANTS } from '../common/log-mutants.ts';
import type { RunOptions } from './group.ts';

/** Gives its vote to everybody who asks for it. */
function forgetsVotes(node: RaftNode): void {
  const { core } = node;
  const step = node.step.bind(node);
  node.step = (message) => {
    if (message.kind === 'vote-request' && message.term === core.term && core.role !== 'leader') {
      core.vote = NO_ONE;
      core.leader = NO_ONE;
    }
    return step(message);
  };
}

/** Takes for committed, as a leader, whatever it has itself. */
function commitsEarly({ core }: RaftNode): void {
  core.tracker.committed = () => core.tracker.progress(core.id)?.match ?? 0;
}

/** Answers reads with what it has applied itself, whoever leads meanwhile. */
function readsAlone({ raft }: Instance): void {
  raft.readIndex = () => Promise.resolve(raft.status().applied);
}

const LOOK_PERIOD_MS = 10;

/** Changes each core that the instance has: the first one may not be there at once, and there may be others later. */
const onNode =
  (change: (node: RaftNode) => void) =>
  ({ raft, env }: Instance): void => {
    const changed = new Set<RaftNode>();
    env.timers.every(LOOK_PERIOD_MS, () => {
      if (!raft.isRunning || changed.has(raft.node)) return;
      changed.add(raft.node);
      change(raft.node);
    });
  };

export const MUTANTS = {
  forgetsVotes: { onUp: onNode(forgetsVotes) },
  commitsEarly: { onUp: onNode(commitsEarly) },
  readsAlone: { onUp: readsAlone },
  trustsCopies: { trustsDirectory: true },
  losesSyncs: { logWorker: LOG_MUTANTS.losesSyncs },
  /** None: what is noticed must not come from the wrapping. */
  keepsItsPromises: { onUp: onNode(() => undefined), logWorker: LOG_MUTANTS.keepsItsPromises },
} as const satisfies Record<string, RunOptions>;

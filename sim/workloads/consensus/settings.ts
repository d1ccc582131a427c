/** How many members a run has, on what terms, and what goes wrong: drawn by the seed. */
import type { SeededRandom } from '../../../src/base/index.ts';
import type { ConsensusOptions } from '../../../src/cluster/raftnode/index.ts';

export const FAULT_KINDS = [
  'kills',
  'powerCuts',
  'linkCuts',
  'oneWayCuts',
  'partitions',
  'slowLinks',
  'brokenConnections',
  'freezes',
  'clockJumps',
  'tornWrites',
  'fullDisk',
  'slowDisk',
  'diskErrors',
  'membership',
  'restoredDirectory',
  'startedCopy',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

const FAULT_KINDS_LEAST = 4;

export type MemberPlan = Readonly<{ name: string; isWriter: true; walMode: 'write' | 'fsync' }>;

export type Settings = Readonly<{
  plans: readonly MemberPlan[];
  /** The first of the members make the group as voters, the next ones are added as learners, the rest join later. */
  voters: number;
  learners: number;
  clients: number;
  faults: readonly FaultKind[];
  /** How long bytes travel at most where nothing is wrong. The longer, the more often two stand for election at once. */
  longestDelayMs: number;
  consensus: Omit<ConsensusOptions, 'id' | 'members'>;
  walMaxSizeBytes: number;
  checkpointCount: number;
  checkpointWalThresholdBytes: number;
}>;

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as const;

export function drawSettings(random: SeededRandom): Settings {
  const voters = 3 + random.below(3);
  const learners = voters === 3 ? 1 + random.below(2) : random.below(2);
  // With more than one a group could lose its quorum for good: behind a power cut the log may not be recoverable.
  const weakest = random.chance(0.6) ? random.below(voters + learners) : -1;
  const names = NAMES.slice(0, voters + learners + 1);
  const tickMs = random.pick([100, 100, 150]);
  return {
    plans: names.map((name, index) => ({ name, isWriter: true, walMode: index === weakest ? 'write' : 'fsync' })),
    voters,
    learners,
    clients: 3 + random.below(3),
    faults: drawFaults(random),
    longestDelayMs: random.pick([2, 2, 30, 100]),
    consensus: {
      tickMs,
      heartbeatTicks: random.pick([1, 2]),
      electionTicks: random.pick([4, 6, 8]),
      snapshotChunkBytes: random.pick([64, 300, 2000, 100_000]),
      logEntriesMax: random.pick([10, 30, 100, 10_000]),
      logBytesMax: random.pick([2000, 20_000, 1_000_000]),
      trustsDirectory: false,
    },
    walMaxSizeBytes: random.pick([4_000, 30_000, 1_000_000]),
    checkpointCount: 1 + random.below(2),
    checkpointWalThresholdBytes: random.chance(0.3) ? 30_000 : 0,
  };
}

function drawFaults(random: SeededRandom): readonly FaultKind[] {
  const left: FaultKind[] = [...FAULT_KINDS];
  const count = FAULT_KINDS_LEAST + random.below(4);
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)[0]!);
}

/** How many members a run has, how they elect, and what a quorum is: drawn by the seed. */
import type { SeededRandom } from '../../../src/base/index.ts';
import type { ReplicationOptions } from '../../../src/replication/index.ts';
import type { MemberPlan, MemberSettings } from '../common/members/plan.ts';

/**
 * Who makes the leader: all by themselves, some by themselves with the votes of others, an operator with their votes, or
 * an operator alone.
 */
export type LeadershipKind = 'candidates' | 'voters' | 'manual' | 'off';

export type Settings = MemberSettings &
  Readonly<{
    kind: LeadershipKind;
    members: readonly MemberPlan[];
    /** Of how many members an acknowledged synchronous write is to be had. */
    majority: number;
    /** Asynchronous transactions beside the synchronous ones: a leader that is deposed may have some that nobody has. */
    writesAsynchronously: boolean;
    /** Nothing is given up for lack of a quorum as long as the run lasts. */
    isPatient: boolean;
    /** Members may be lost with their disks. */
    mayLose: boolean;
    /** After this time without faults somebody leads. */
    leaderMsMax: number;
  }>;

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
const HOURS = 4 * 3600;
const PATIENT_MS = 10 * 60_000;
/** Rows and terms that could not be written are tried again after a second, more than once. */
const RETRIES_MS = 10_000;
const ELECTIONS = 30;

export function drawSettings(random: SeededRandom): Settings {
  const count = random.chance(0.25) ? 5 : 3;
  const names = NAMES.slice(0, count);
  const kind = random.pick(['candidates', 'candidates', 'voters', 'manual', 'off'] as const);
  const majority = Math.floor(count / 2) + 1;
  const mayLose = random.chance(0.6);
  const isPatient = random.chance(0.4);
  const timeoutMs = random.pick([20, 60, 150]);
  const electionTimeoutMs = random.pick([60, 150, 400]);
  const replication: Partial<ReplicationOptions> = {
    // With all of them as quorum a set could not take writes any more once one is lost.
    connectQuorum: mayLose ? majority : random.pick([null, majority]),
    synchroQuorum: random.pick(['N / 2 + 1', 'N/2 + 1', majority]),
    synchroTimeoutMs: isPatient ? PATIENT_MS : random.pick([80, 250, 800]),
    electionTimeoutMs,
    fencingMode: random.pick(['soft', 'soft', 'strict', 'off'] as const),
  };
  const isVoter = (index: number): boolean =>
    kind === 'voters' ? index >= majority : kind === 'manual' && index === 2;
  return {
    kind,
    members: names.map((name, index) => ({
      name,
      isWriter: true,
      isAnonymous: false,
      walMode: random.pick(['write', 'fsync'] as const),
      joinsFrom: names,
      follows: names,
      replication: { ...replication, electionMode: isVoter(index) ? 'voter' : modeOf(kind) },
    })),
    majority,
    writesAsynchronously: random.chance(0.4),
    isPatient,
    mayLose,
    leaderMsMax: RETRIES_MS + ELECTIONS * (electionTimeoutMs + 4 * timeoutMs),
    skipsConflicts: false,
    timeoutMs,
    connectTimeoutMs: random.pick([150, 600]),
    walMaxSizeBytes: random.pick([1_500, 6_000, 1_000_000]),
    checkpointCount: 1 + random.below(2),
    checkpointWalThresholdBytes: random.chance(0.3) ? 10_000 : 0,
    walCleanupDelaySeconds: HOURS,
    feedBytesMax: random.pick([300, 4_000, 1_000_000]),
    queuedBytesMax: random.pick([200, 4_000, 1_000_000]),
  };
}

function modeOf(kind: LeadershipKind): 'candidate' | 'manual' | 'off' {
  switch (kind) {
    case 'candidates':
    case 'voters':
      return 'candidate';
    case 'manual':
    case 'off':
      return kind;
  }
}

/** Who follows whom in a run, who takes writes, and on what terms: drawn by the seed. */
import type { SeededRandom } from '../../../src/base/index.ts';
import type { MemberPlan, MemberSettings } from '../common/members/plan.ts';

export type TopologyKind = 'star' | 'mesh' | 'chain' | 'ring';

export type Settings = MemberSettings &
  Readonly<{
    kind: TopologyKind;
    members: readonly MemberPlan[];
  }>;

const NAMES = ['a', 'b', 'c', 'd'] as const;
const HOURS = 4 * 3600;

export function drawSettings(random: SeededRandom): Settings {
  const count = 2 + random.below(3);
  const hasAnonymous = random.chance(0.35);
  const names = NAMES.slice(0, hasAnonymous ? Math.max(1, count - 1) : count);
  const kind = names.length === 1 ? 'star' : random.pick(['star', 'mesh', 'mesh', 'chain', 'ring'] as const);
  const members = names.map((name, index) => drawMember(random, kind, names, name, index));
  if (hasAnonymous) members.push(drawAnonymous(random, names, NAMES[names.length]!));
  const hasReplicasOnly = kind === 'star' || kind === 'chain';
  return {
    kind,
    members,
    skipsConflicts: !hasReplicasOnly && random.chance(0.5),
    timeoutMs: random.pick([20, 60, 250]),
    connectTimeoutMs: random.pick([150, 600]),
    walMaxSizeBytes: random.pick([1_500, 6_000, 1_000_000]),
    checkpointCount: 1 + random.below(2),
    checkpointWalThresholdBytes: random.chance(0.3) ? 10_000 : 0,
    // Masters among each other may not forget what one of them lacks: it could not get it back by joining anew.
    walCleanupDelaySeconds: hasReplicasOnly ? random.pick([0, 0.3, HOURS]) : HOURS,
    feedBytesMax: random.pick([300, 4_000, 1_000_000]),
    queuedBytesMax: random.pick([200, 4_000, 1_000_000]),
  };
}

function drawMember(
  random: SeededRandom,
  kind: TopologyKind,
  names: readonly string[],
  name: string,
  index: number,
): MemberPlan {
  const first = names[0]!;
  const before = names[(index + names.length - 1) % names.length]!;
  const toFirst = index === 0 ? [] : [first];
  const walMode = random.pick(['write', 'fsync'] as const);
  const member = { name, isAnonymous: false, walMode, isWriter: index === 0 };
  switch (kind) {
    case 'star':
      return { ...member, joinsFrom: toFirst, follows: toFirst };
    case 'chain':
      return { ...member, joinsFrom: toFirst, follows: index === 0 ? [] : [before] };
    case 'ring':
      return { ...member, isWriter: true, joinsFrom: toFirst, follows: [before] };
    case 'mesh':
      return { ...member, isWriter: index === 0 || random.chance(0.8), joinsFrom: names, follows: names };
  }
}

function drawAnonymous(random: SeededRandom, names: readonly string[], name: string): MemberPlan {
  const master = [random.pick(names)];
  const walMode = random.pick(['write', 'fsync'] as const);
  return { name, isAnonymous: true, walMode, isWriter: false, joinsFrom: master, follows: master };
}

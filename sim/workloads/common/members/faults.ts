/** What goes wrong in one phase of a run, drawn by chance. */
import type { SeededRandom } from '../../../../src/base/index.ts';
import type { FileOperation, SimulatedHost, SimulatedWorld } from '../../../env/index.ts';
import type { MemberCounts } from './counts.ts';
import type { SimulatedMember } from './member.ts';
import type { Supervisor } from './supervisor.ts';
import { type MemberPlan, mayLosePower } from './plan.ts';

const isLog = (path: string): boolean => path.includes('.xlog');
const isSnapshot = (path: string): boolean => path.includes('.snap');

/** How likely each is to hold in a phase. A write that fails is undone on a replica too, which is where much can go wrong. */
const FAULTS = {
  full: 0.12,
  writeError: 0.4,
  syncError: 0.12,
  logFileError: 0.12,
  snapshotError: 0.12,
  slow: 0.2,
  crashInWrite: 0.12,
  readError: 0.12,
} as const;

export type DiskFault = keyof typeof FAULTS;

/** Whose disk fails. */
export type FaultyMember = Pick<SimulatedMember, 'host' | 'hasBreakingFault' | 'setBreakingFault'> &
  Readonly<{ plan: Pick<MemberPlan, 'isWriter' | 'walMode'> }>;

export type Stage = Readonly<{
  random: SeededRandom;
  world: SimulatedWorld;
  members: readonly SimulatedMember[];
  clients: SimulatedHost;
  supervisor: Supervisor;
  counts: MemberCounts;
}>;

/** Sets the faults of a member's disk. */
export function setDiskFaults(random: SeededRandom, member: FaultyMember): void {
  for (const fault of Object.keys(FAULTS) as DiskFault[]) {
    if (random.chance(FAULTS[fault])) setDiskFault(fault, random, member);
  }
}

export function clearDiskFaults(member: FaultyMember): void {
  const { host } = member;
  member.hasBreakingFault = false;
  host.faults.clear();
  host.capacityBytes = Infinity;
}

export function setDiskFault(fault: DiskFault, random: SeededRandom, member: FaultyMember): void {
  const { host } = member;
  const fail = (
    operations: readonly FileOperation[],
    isPathMatching: (path: string) => boolean,
    probability: number,
  ) => {
    const effect = { kind: 'error', code: random.pick(['EIO', 'ENOSPC'] as const) } as const;
    host.faults.add({ operations, isPathMatching, probability, times: 1 + random.below(4), effect });
  };
  switch (fault) {
    case 'full':
      host.capacityBytes = host.disk.usedBytes() + random.below(10_000);
      return;
    case 'writeError':
      return fail(['write'], isLog, 0.02 + 0.2 * random.fraction());
    case 'syncError':
      member.setBreakingFault();
      return fail(['sync'], isLog, 0.05 + 0.2 * random.fraction());
    case 'logFileError':
      member.setBreakingFault();
      return fail([random.pick(['open', 'rename', 'truncate', 'syncDirectory', 'remove'] as const)], isLog, 0.5);
    case 'snapshotError':
      return fail([random.pick(['open', 'write', 'sync', 'rename', 'syncDirectory'] as const)], isSnapshot, 0.5);
    case 'readError':
      return fail([random.pick(['read', 'list', 'open'] as const)], () => true, 0.1);
    case 'slow': {
      const effect = { kind: 'slow', leastMs: 1, mostMs: 5 + random.below(60) } as const;
      host.faults.add({ operations: ['write', 'sync'], probability: 0.1, effect });
      return;
    }
    case 'crashInWrite':
      if (!mayLosePower(member.plan)) return;
      host.faults.add({
        operations: random.pick([['write'], ['sync'], ['rename', 'syncDirectory', 'truncate', 'remove', 'open']]),
        probability: 0.02 + 0.1 * random.fraction(),
        times: 1,
        effect: { kind: 'crash' },
      });
      return;
  }
}

/** Moments at which something happens beside the load. */
export type Incident = Readonly<{ atMs: number; run: () => void }>;

export function drawIncidents(stage: Stage, durationMs: number): readonly Incident[] {
  const { random, world, members, supervisor, counts } = stage;
  const { internet } = world;
  const incidents: Incident[] = [];
  const add = (probability: number, most: number, run: () => void): void => {
    for (let index = 0; index < most; index++) {
      if (random.chance(probability)) incidents.push({ atMs: world.nowMs + random.fraction() * durationMs, run });
    }
  };
  const later = (run: () => void): void => {
    world.schedule(world.nowMs + 5 + random.below(200), 'incident over', null, run);
  };
  const pair = (): readonly [SimulatedHost, SimulatedHost] => {
    const from = random.pick(members);
    const others = members.filter((member) => member !== from);
    return [from.host, random.pick(others).host];
  };
  add(0.35, 3, () => endOne(stage));
  add(0.4, 3, () => random.pick(members).checkpoint());
  add(0.3, 2, () => {
    const [left, right] = pair();
    counts.linkCuts++;
    internet.block(left, right);
    internet.block(right, left);
    later(() => {
      internet.unblock(left, right);
      internet.unblock(right, left);
    });
  });
  add(0.3, 2, () => {
    const [from, to] = pair();
    counts.oneWayCuts++;
    internet.block(from, to);
    later(() => internet.unblock(from, to));
  });
  add(0.2, 1, () => {
    const [from, to] = pair();
    counts.slowLinks++;
    internet.slowDown(from, to, 5, 10 + random.below(60));
  });
  add(0.3, 2, () => {
    const [left, right] = pair();
    counts.brokenConnections++;
    internet.breakConnections(left, right);
  });
  add(0.2, 1, () => internet.breakConnections(random.pick(members).host, stage.clients));
  add(0.2, 1, () => random.pick(members).host.freeze(1 + random.below(150)));
  add(0.2, 2, () => {
    counts.clockJumps++;
    random.pick(members).host.clockSkewSeconds = random.below(2_000_000) - 1_000_000;
  });
  add(0.2, 1, () => {
    const member = random.pick(members);
    if (member.instance === null || !supervisor.isGrown) return;
    supervisor.reconfigure(member, []);
    // The supervisor sees that it is not what the plan says.
    member.sources = [];
  });
  add(0.5, 1, () => {
    const member = random.pick(members);
    member.host.capacityBytes = Infinity;
  });
  return incidents.sort((left, right) => left.atMs - right.atMs);
}

/** Ends one member, by a kill or a power cut. */
export function endOne({ random, members }: Stage): void {
  const member = random.pick(members);
  member.end(mayLosePower(member.plan) && random.chance(0.5) ? 'crash' : 'kill');
}

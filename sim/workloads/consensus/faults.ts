/** What goes wrong while there is load, drawn by chance from the kinds of a run. */
import type { SimulatedHost } from '../../env/index.ts';
import { clearDiskFaults, type DiskFault, setDiskFault } from '../common/members/faults.ts';
import type { Group } from './group.ts';
import type { GroupMember } from './member.ts';
import type { FaultKind } from './settings.ts';

/** How often each kind happens in a run, and how long what it does lasts at most. */
const TIMES_MOST = 3;
const SHORTEST_MS = 100;
const LONGEST_MS = 6000;

/** Schedules what is to happen within so long. */
export function scheduleFaults(group: Group, durationMs: number): void {
  const { random, world, settings } = group;
  for (const kind of settings.faults) {
    for (let left = 1 + random.below(TIMES_MOST); left > 0; left--) {
      world.schedule(world.nowMs + random.fraction() * durationMs, kind, null, () => begin(group, kind));
    }
  }
}

/** Ends all that is in force. */
export function endFaults(group: Group): void {
  group.world.internet.heal();
  for (const member of group.members) {
    repair(member);
    member.host.clockSkewSeconds = 0;
  }
}

function begin(group: Group, kind: FaultKind): void {
  if (group.isCalm) return;
  const { random, world, counts } = group;
  const { internet } = world;
  const member = aMember(group);
  switch (kind) {
    case 'kills':
      member.end('kill');
      return;
    case 'powerCuts':
      for (const each of random.chance(0.2) ? group.members.filter((each) => group.isEnrolled(each)) : [member])
        each.end('crash');
      return;
    case 'linkCuts':
      counts.linkCuts++;
      return cut(group, [member.host], [anotherThan(group, member)], true);
    case 'oneWayCuts':
      counts.oneWayCuts++;
      return cut(
        group,
        [member.host],
        random.chance(0.5) ? othersThan(group, member) : [anotherThan(group, member)],
        false,
      );
    case 'partitions': {
      counts.partitions++;
      const side = random.chance(0.5) ? [member] : group.members.filter(() => random.chance(0.5));
      const other = group.members.filter((each) => !side.includes(each));
      return cut(group, hostsOf(side), hostsOf(other), true);
    }
    case 'slowLinks':
      counts.slowLinks++;
      internet.slowDown(member.host, anotherThan(group, member), 5, 10 + random.below(800));
      return;
    case 'brokenConnections':
      counts.brokenConnections++;
      for (const host of othersThan(group, member)) internet.breakConnections(member.host, host);
      return;
    case 'freezes':
      counts.freezes++;
      member.host.freeze(1 + random.below(3000));
      return;
    case 'clockJumps':
      counts.clockJumps++;
      member.host.clockSkewSeconds = random.below(2_000_000) - 1_000_000;
      return;
    case 'tornWrites':
      return breakDisk(group, member, 'crashInWrite');
    case 'fullDisk':
      return breakDisk(group, member, 'full');
    case 'slowDisk':
      return breakDisk(group, member, 'slow');
    case 'diskErrors':
      return breakDisk(
        group,
        member,
        random.pick(['writeError', 'syncError', 'logFileError', 'snapshotError', 'readError']),
      );
    case 'membership':
    case 'restoredDirectory':
    case 'startedCopy':
      // The operator's doing.
      return;
  }
}

/** Whoever leads more often than others. */
function aMember(group: Group): GroupMember {
  const leader = group.random.chance(0.4) ? group.leader() : null;
  return leader ?? group.random.pick(group.members.filter((member) => group.isEnrolled(member)));
}

function othersThan({ members }: Group, member: GroupMember): readonly SimulatedHost[] {
  return hostsOf(members.filter((each) => each !== member));
}

function hostsOf(members: readonly GroupMember[]): readonly SimulatedHost[] {
  return members.map(({ host }) => host);
}

function anotherThan(group: Group, member: GroupMember): SimulatedHost {
  return group.random.pick(othersThan(group, member));
}

/** Nothing passes from one side to the other for a while, nor back if `isMutual`. */
function cut(group: Group, side: readonly SimulatedHost[], other: readonly SimulatedHost[], isMutual: boolean): void {
  const { internet } = group.world;
  const ways = side.flatMap((from) => other.map((to) => [from, to] as const));
  for (const [from, to] of ways) {
    internet.block(from, to);
    if (isMutual) internet.block(to, from);
  }
  later(group, () => {
    for (const [from, to] of ways) {
      internet.unblock(from, to);
      if (isMutual) internet.unblock(to, from);
    }
  });
}

function breakDisk(group: Group, member: GroupMember, fault: DiskFault): void {
  group.counts.diskFaults++;
  member.hasFailingDisk = true;
  member.mayTakeBack = true;
  setDiskFault(fault, group.random, member);
  later(group, () => repair(member));
}

function repair(member: GroupMember): void {
  member.hasFailingDisk = false;
  clearDiskFaults(member);
}

function later(group: Group, run: () => void): void {
  const durationMs = SHORTEST_MS + group.random.below(LONGEST_MS);
  group.world.schedule(group.world.nowMs + durationMs, 'fault over', null, run);
}

/** Elections of several instances under many seeds; what must hold at every moment is asserted by the cluster. */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { SeededRandom } from '../../base/index.ts';
import { ElectionCluster, NO_FAULTS } from './cluster-fixture.ts';
import type { ElectionMode, ElectionOptions } from './index.ts';

const OPTIONS: ElectionOptions = {
  mode: 'candidate',
  fencing: 'soft',
  electionTimeoutMs: 1000,
  replicationTimeoutMs: 100,
};
const MODES: readonly ElectionMode[] = ['off', 'voter', 'manual', 'candidate', 'candidate', 'candidate'];
const totals = { elections: 0, restarts: 0, lostWrites: 0, stepDowns: 0 };

const seeds = fc.integer({ min: 0, max: 0xffffffff });
const sizes = fc.integer({ min: 1, max: 5 });

function act(cluster: ElectionCluster, random: SeededRandom): void {
  const instance = random.pick(cluster.instances);
  const other = random.pick(cluster.instances);
  const choice = random.below(1000);
  if (choice < 400) cluster.deliverOne();
  else if (choice < 650) cluster.finishWrite(instance);
  else if (choice < 780) cluster.pass(random.below(60));
  else if (choice < 850) cluster.heartbeats();
  else if (choice < 900) cluster.write(instance);
  else if (choice < 945) cluster.replicate(instance, other);
  else if (choice < 965) {
    if (instance !== other) cluster.toggle(instance, other);
  } else if (choice < 975) cluster.restart(instance);
  else if (choice < 985) cluster.step(instance, { kind: 'promote' });
  else if (choice < 990) cluster.step(instance, { kind: 'resign' });
  else if (choice < 993) cluster.step(instance, { kind: 'raiseTerm' });
  else if (choice < 996) cluster.step(instance, { kind: 'readinessChanged', canLead: random.chance(0.8) });
  else {
    instance.options = {
      ...OPTIONS,
      mode: random.pick(MODES),
      fencing: random.pick(['off', 'soft', 'strict'] as const),
      electionTimeoutMs: random.pick([500, 1000, 2000]),
    };
    cluster.step(instance, { kind: 'configure', options: instance.options });
  }
}

/** Time goes on with nothing broken: rows and messages arrive, writes end. */
function live(cluster: ElectionCluster, timeMs: number): void {
  const sliceMs = 20;
  for (let passedMs = 0; passedMs < timeMs; passedMs += sliceMs) {
    cluster.pass(sliceMs);
    if (passedMs % 100 === 0) cluster.heartbeats();
    for (let moved = true; moved;) {
      moved = cluster.deliverOne();
      for (const instance of cluster.instances) moved = cluster.finishWrite(instance) || moved;
    }
  }
}

function expectOneLeader(cluster: ElectionCluster): number {
  const leaderIds = new Set(cluster.instances.map(({ election }) => election.leaderId));
  expect([...leaderIds]).toHaveLength(1);
  const [leaderId = 0] = leaderIds;
  expect(leaderId).toBeGreaterThan(0);
  const readOnly = cluster.instances.map(({ election }) => election.isReadOnly);
  expect(readOnly).toEqual(cluster.instances.map(({ id }) => id !== leaderId));
  return leaderId;
}

test('one leader a term whatever breaks, and a leader when nothing does', () => {
  fc.assert(
    fc.property(seeds, sizes, fc.integer({ min: 0, max: 2 }), (seed, size, faultiness) => {
      const random = new SeededRandom(seed);
      const cluster = new ElectionCluster(random, size, OPTIONS);
      cluster.faults = { loss: 0.1 * faultiness, repetition: 0.15 * faultiness, reordering: 0.3 * faultiness };
      for (let index = 0; index < 3000; index++) act(cluster, random);
      cluster.faults = NO_FAULTS;
      for (const instance of cluster.instances) {
        instance.options = OPTIONS;
        cluster.step(instance, { kind: 'configure', options: OPTIONS });
        cluster.step(instance, { kind: 'readinessChanged', canLead: true });
      }
      cluster.mendAll();
      // Without rows that only one has, there is always somebody whom all may vote for.
      for (const from of cluster.instances) for (const to of cluster.instances) cluster.replicate(from, to);
      live(cluster, 60_000);
      expectOneLeader(cluster);
      expect(cluster.counts.conflicts).toBe(0);
      for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += cluster.counts[key];
    }),
    { numRuns: 60 },
  );
});

test('who lacks rows of a majority is not elected, whatever it tries', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = new SeededRandom(seed);
      const cluster = new ElectionCluster(random, 3, OPTIONS);
      const behind = cluster.instance(1 + random.below(3));
      for (const instance of cluster.instances) {
        cluster.setVclock(instance, instance === behind ? [0, 5, 0, 0] : [0, 5, 1, 0]);
      }
      for (let round = 0; round < 20; round++) {
        cluster.step(behind, { kind: 'promote' });
        live(cluster, random.below(3000));
        if (random.chance(0.3)) cluster.restart(random.pick(cluster.instances));
      }
      live(cluster, 20_000);
      expect(expectOneLeader(cluster)).not.toBe(behind.id);
      expect([...cluster.leaders.values()]).not.toContain(behind.id);
    }),
    { numRuns: 40 },
  );
});

test('the rest of a majority elects when the leader is gone, and the leader comes back as a follower', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const cluster = new ElectionCluster(new SeededRandom(seed), 3, OPTIONS);
      live(cluster, 10_000);
      const first = cluster.instance(expectOneLeader(cluster));
      const others = cluster.instances.filter((instance) => instance !== first);
      for (const other of others) cluster.toggle(first, other);
      expect(first.isLeader).toBe(false);
      live(cluster, 20_000);
      expect(others.filter(({ isLeader }) => isLeader)).toHaveLength(1);
      expect(first.election.isReadOnly).toBe(true);
      cluster.mendAll();
      live(cluster, 5000);
      expect(expectOneLeader(cluster)).not.toBe(first.id);
    }),
    { numRuns: 30 },
  );
});

test('a leader that is heard is not disturbed by one whose connection to it is cut', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const cluster = new ElectionCluster(new SeededRandom(seed), 3, OPTIONS);
      live(cluster, 10_000);
      const leader = cluster.instance(expectOneLeader(cluster));
      const [cut] = cluster.instances.filter((instance) => instance !== leader);
      const { term } = leader.election;
      if (cut !== undefined) cluster.toggle(leader, cut);
      live(cluster, 30_000);
      expect([leader.isLeader, leader.election.term]).toEqual([true, term]);
    }),
    { numRuns: 30 },
  );
});

test('the same seed gives the same elections', () => {
  const play = (): unknown => {
    const random = new SeededRandom(7);
    const cluster = new ElectionCluster(random, 5, OPTIONS);
    cluster.faults = { loss: 0.1, repetition: 0.1, reordering: 0.3 };
    for (let index = 0; index < 3000; index++) act(cluster, random);
    return [[...cluster.leaders], cluster.counts, cluster.instances.map(({ disk }) => disk)];
  };
  expect(play()).toEqual(play());
});

afterAll(() => {
  expect(Object.entries(totals).filter(([, count]) => count === 0)).toEqual([]);
});

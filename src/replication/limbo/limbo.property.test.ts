/**
 * What holds for every order of events: the asserts in the cluster's fixture (entries in order, each ends once, the
 * confirmed LSN never goes back), agreement of all instances, and recovery from each one's log.
 *
 * A PROMOTE takes effect when its writer has written it, as in Tarantool. If a newer owner is elected by instances that
 * never saw it, the two contradict each other: that must be found out as a split brain.
 */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { SeededRandom } from '../../base/index.ts';
import { Instance } from './cluster-fixture.ts';
import { formatState } from './limbo-fixture.ts';
import type { Ownership } from './index.ts';

const IDS = [1, 2, 3] as const;
const counts = { completed: 0, rolledBack: 0, promotions: 0, stopped: 0 };

type Rules = Readonly<{
  /** Who has synchronous transactions. */
  writers: readonly number[];
  ownership: Ownership;
  timeoutMs: number;
  /** Whether others may take the queue over. */
  elections: 'none' | 'aware of every PROMOTE' | 'any';
  asyncShare: number;
}>;

class Cluster {
  readonly instances: readonly Instance[];
  readonly #random: SeededRandom;
  readonly #rules: Rules;
  #nowMs = 0;
  #term = 1;

  constructor(seed: number, rules: Rules) {
    this.#random = new SeededRandom(seed);
    this.#rules = rules;
    const { ownership, timeoutMs } = rules;
    this.instances = IDS.map(
      (selfId) => new Instance({ selfId, ownership, quorum: 2, timeoutMs, entriesMax: 20 }, IDS, () => this.#nowMs),
    );
  }

  act(): void {
    const random = this.#random;
    const instance = random.pick(this.instances);
    const peer = random.pick(this.instances.filter((other) => other !== instance));
    const choice = random.below(100);
    if (choice < 20) {
      if (this.#rules.writers.includes(instance.id)) instance.submit(!random.chance(this.#rules.asyncShare));
    } else if (choice < 50) instance.writeOne();
    else if (choice < 73) instance.receiveFrom(peer);
    else if (choice < 90) instance.acknowledgeTo(peer);
    else if (choice < 93) instance.failWrites();
    else if (choice < 97) this.#pass(random.below(100));
    else if (this.#rules.elections !== 'none') this.#elect(instance, [peer]);
  }

  /** Everything arrives everywhere, and if it needs one, there is an owner who decides. */
  settle(): void {
    for (let round = 0; round < 4; round++) {
      this.#drain();
      const candidate = this.instances.find((instance) =>
        this.instances.every((voter) => voter.votesFor(instance.vclock)),
      );
      if (this.#rules.elections !== 'none' && candidate !== undefined) this.#elect(candidate, this.instances);
      // Long enough for whatever is to be tried again or given up.
      this.#pass(100_000);
    }
    this.#drain();
  }

  #drain(): void {
    for (let moved = true; moved;) {
      moved = false;
      for (const instance of this.instances) {
        while (instance.writeOne()) moved = true;
        for (const peer of this.instances) {
          if (peer === instance) continue;
          while (instance.receiveFrom(peer)) moved = true;
          instance.acknowledgeTo(peer);
        }
        if (!instance.isIdle) moved = true;
      }
    }
  }

  #pass(timeMs: number): void {
    this.#nowMs += timeMs;
    for (const instance of this.instances) instance.step({ kind: 'tick' });
  }

  /** A majority votes, and so learns of the term; others learn of it later, or not. */
  #elect(candidate: Instance, voters: readonly Instance[]): void {
    if (!voters.every((voter) => voter.votesFor(candidate.vclock))) return;
    const newestTerm = Math.max(...this.instances.map(({ limbo }) => limbo.term));
    const isChanging = this.instances.some(({ limbo }) => limbo.isClosing);
    const isAware = candidate.limbo.term === newestTerm && !isChanging;
    if (this.#rules.elections === 'aware of every PROMOTE' && !isAware) return;
    const term = ++this.#term;
    for (const voter of [candidate, ...voters]) voter.learnTerm(term);
    candidate.step({ kind: 'promote', term, timeoutMs: null });
  }
}

/** Nobody has rolled back what somebody has completed. */
function expectAgreement(cluster: Cluster): void {
  const agreed = new Map<string, string>();
  for (const { id, outcomes } of cluster.instances) {
    for (const [key, outcome] of outcomes) {
      const known = agreed.get(key) ?? outcome;
      agreed.set(key, known);
      expect(`${id}: ${key} ${outcome}`).toBe(`${id}: ${key} ${known}`);
    }
  }
}

/** Without PROMOTE an empty queue is nobody's: whose it was last may depend on a write that failed. */
function essence(state: string): string {
  return state.replace(/^owner \d+, term 1, confirmed \d+, entries \[\]$/, 'empty');
}

/** The log says it all: who reads it knows what the instance knows. */
function expectRecovery(cluster: Cluster): void {
  for (const instance of cluster.instances) {
    const { state, outcomes } = instance.recovered();
    if (instance.isIdle) expect(essence(state)).toBe(essence(formatState(instance.limbo)));
    for (const [key, outcome] of outcomes) expect([key, instance.outcomes.get(key)]).toEqual([key, outcome]);
  }
}

function run(seed: number, rules: Rules): void {
  const cluster = new Cluster(seed, rules);
  for (let step = 0; step < 400; step++) cluster.act();
  if (rules.elections !== 'any') expectAgreement(cluster);
  cluster.settle();
  expectRecovery(cluster);
  const isSplit = cluster.instances.some(({ stopped }) => stopped.size > 0);
  if (rules.elections !== 'any' || !isSplit) expectAgreement(cluster);
  if (!isSplit) {
    const states = cluster.instances.map(({ limbo }) => essence(formatState(limbo)));
    expect(new Set(states).size).toBe(1);
    expect(cluster.instances.every(({ limbo }) => limbo.entries.length === 0)).toBe(true);
  }
  for (const { outcomes, promotions, stopped } of cluster.instances) {
    for (const outcome of outcomes.values()) counts[outcome]++;
    counts.promotions += promotions;
    counts.stopped += stopped.size;
  }
}

const seeds = fc.integer({ min: 0, max: 0xffffffff });

test.each([{ writers: [1] }, { writers: IDS }])(
  'whoever writes is the owner, with timeouts: $writers',
  ({ writers }) => {
    const rules: Rules = { writers, ownership: 'implicit', timeoutMs: 60, elections: 'none', asyncShare: 0.3 };
    fc.assert(
      fc.property(seeds, (seed) => run(seed, rules)),
      { numRuns: 150 },
    );
  },
);

test.each(['aware of every PROMOTE', 'any'] as const)('owners that follow each other, elections: %s', (elections) => {
  const rules: Rules = { writers: IDS, ownership: 'promoted', timeoutMs: 1e9, elections, asyncShare: 0.1 };
  fc.assert(
    fc.property(seeds, (seed) => run(seed, rules)),
    { numRuns: 150 },
  );
});

afterAll(() => {
  expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([]);
});

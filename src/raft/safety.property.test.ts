/** Raft's safety properties in a bad world, after every step; and that everything that may go wrong did happen. */
import { afterAll, describe, expect, test } from 'vitest';
import { type Counts, World } from './world-fixture.ts';

const SEEDS = 12;
const STEPS = 5000;

describe('safety', () => {
  const totals: Record<string, number> = {};

  test.each(Array.from({ length: SEEDS }, (_, place) => place + 1))('seed %i', (seed) => {
    const world = new World(seed);
    for (let step = 0; step < STEPS; step++) world.step();
    world.heal();
    const counts: Counts = world.counts;
    for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + count;
    expect(counts.commits).toBeGreaterThan(0);
  });

  afterAll(() => {
    for (const [name, count] of Object.entries(totals)) expect(count, name).toBeGreaterThan(0);
  });
});

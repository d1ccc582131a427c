import { expect, it } from 'vitest';
import { QUIET_MS, RepairPace } from './repair-pace.ts';

it('the pause doubles up to a bound, and is the least after a write', () => {
  const pace = new RepairPace();
  const pauses = (count: number): number[] => Array.from({ length: count }, () => pace.refused(0).pauseMs);
  expect(pauses(6)).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
  expect([pace.written(), pace.written()]).toEqual([true, false]);
  expect(pauses(2)).toEqual([500, 1000]);
});

it('the first refusal is said, others now and then, and the first write behind them', () => {
  const pace = new RepairPace();
  const isSaid = (nowMs: number): boolean => pace.refused(nowMs).isNews;
  expect(pace.written()).toBe(false);
  expect([0, 500, QUIET_MS - 1, QUIET_MS, QUIET_MS + 1, 2 * QUIET_MS].map(isSaid)).toEqual([
    true,
    false,
    false,
    true,
    false,
    true,
  ]);
  expect(pace.written()).toBe(true);
  expect([2 * QUIET_MS + 1, 2 * QUIET_MS + 2].map(isSaid)).toEqual([true, false]);
});

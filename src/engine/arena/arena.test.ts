import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../base/index.ts';
import { Arena, NO_ADDRESS, SLAB_MASK, SLAB_SHIFT } from './arena.ts';
import { CELL_BYTES_MAX, CLASS_COUNT, cellBytesOfClass, sizeClass } from './size-classes.ts';

describe('size classes', () => {
  it('are ascending, and each size gets the smallest class that holds it', () => {
    for (let class_ = 1; class_ < CLASS_COUNT; class_++) {
      expect(cellBytesOfClass(class_)).toBeGreaterThan(cellBytesOfClass(class_ - 1));
      expect(sizeClass(cellBytesOfClass(class_))).toBe(class_);
      expect(sizeClass(cellBytesOfClass(class_ - 1) + 1)).toBe(class_);
    }
    expect(sizeClass(1)).toBe(0);
    expect(sizeClass(CELL_BYTES_MAX)).toBe(CLASS_COUNT - 1);
  });
});

describe('arena', () => {
  it('never gives out overlapping cells, over random allocations and frees', () => {
    const random = new SeededRandom(7);
    const arena = new Arena(64 * 1024 * 1024);
    const live: { address: number; size: number; stamp: number }[] = [];
    for (let step = 0; step < 40_000; step++) {
      if (live.length > 0 && (random.chance(0.45) || live.length > 3000)) {
        const index = random.below(live.length);
        const cell = live[index]!;
        expectStamped(arena, cell);
        arena.free(cell.address);
        live[index] = live[live.length - 1]!;
        live.pop();
      } else {
        const size = random.chance(0.01) ? 1 + random.below(300_000) : 1 + random.below(2_000);
        const address = arena.allocate(size);
        if (address === NO_ADDRESS) continue;
        const stamp = random.below(256);
        const slab = arena.bytes[address >>> SLAB_SHIFT]!;
        const start = (address & SLAB_MASK) * 8;
        slab.fill(stamp, start, start + size);
        live.push({ address, size, stamp });
      }
    }
    for (const cell of live) {
      expectStamped(arena, cell);
      arena.free(cell.address);
    }
    expect(arena.statistics().cellBytes).toBe(0);
  });

  it('answers with none when the quota is spent, and again with cells after frees', () => {
    const arena = new Arena(1024 * 1024);
    const cells: number[] = [];
    for (let cell = arena.allocate(1000); cell !== NO_ADDRESS; cell = arena.allocate(1000)) cells.push(cell);
    expect(arena.statistics().arenaBytes).toBeLessThanOrEqual(1024 * 1024);
    expect(cells.length).toBeGreaterThan(900);
    for (const cell of cells) arena.free(cell);
    expect(arena.allocate(200_000)).not.toBe(NO_ADDRESS);
  });
});

function expectStamped(arena: Arena, cell: { address: number; size: number; stamp: number }): void {
  const slab = arena.bytes[cell.address >>> SLAB_SHIFT]!;
  const start = (cell.address & SLAB_MASK) * 8;
  let intact = true;
  for (let index = start; index < start + cell.size; index++) if (slab[index] !== cell.stamp) intact = false;
  expect(intact).toBe(true);
}

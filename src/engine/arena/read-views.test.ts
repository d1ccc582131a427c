import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../base/index.ts';
import { type Address, Arena, NO_ADDRESS } from './arena.ts';
import { type ReadView, ReadViews, type ViewLoss } from './read-views.ts';

const QUOTA_BYTES = 256 * 1024;
const CELL_BYTES = 1000;

/** An arena without room, all of whose cells are returned. */
function fullArena(): { arena: Arena; views: ReadViews; cells: Address[] } {
  const arena = new Arena(QUOTA_BYTES);
  const cells: Address[] = [];
  for (;;) {
    const cell = arena.allocate(CELL_BYTES);
    if (cell === NO_ADDRESS) break;
    cells.push(cell);
  }
  return { arena, views: new ReadViews(arena), cells };
}

/** A view that is closed when it is given up; `loss` tells why that was. */
function openView(views: ReadViews, nowMs = 0): { view: ReadView; isOpen: () => boolean; loss: () => ViewLoss | null } {
  let loss: ViewLoss | null = null;
  const giveUp = (why: ViewLoss): void => {
    loss = why;
    views.close(view);
  };
  const view = views.open({ nowMs, giveUp });
  return { view, isOpen: () => loss === null, loss: () => loss };
}

describe('what is kept for a view', () => {
  test('is counted in bytes of cells, and passes to the older view', () => {
    const { arena, views, cells } = fullArena();
    const older = openView(views);
    const newer = openView(views);
    for (const cell of cells.slice(0, 3)) views.retire(cell, 0);
    expect(newer.view.retiredBytes).toBe(3 * arena.cellBytesAt(cells[0]!));
    expect(newer.view.retiredBytes).toBeGreaterThanOrEqual(3 * CELL_BYTES);
    expect(older.view.retiredBytes).toBe(0);
    const bytes = newer.view.retiredBytes;
    views.close(newer.view);
    expect(older.view.retiredBytes).toBe(bytes);
  });

  test('is given to writers when they need it: the reader loses its view', () => {
    const { arena, views, cells } = fullArena();
    const { isOpen } = openView(views);
    expect(views.makeRoom()).toBe(false);
    expect(isOpen()).toBe(true);
    views.retire(cells[0]!, 0);
    expect(arena.allocate(CELL_BYTES)).toBe(NO_ADDRESS);
    expect(views.makeRoom()).toBe(true);
    expect(isOpen()).toBe(false);
    expect(arena.allocate(CELL_BYTES)).toBe(cells[0]);
    expect(views.makeRoom()).toBe(false);
  });

  test('costs nobody a view while closed ones have left something', () => {
    const { arena, views, cells } = fullArena();
    const closed = openView(views);
    views.retire(cells[0]!, 0);
    views.close(closed.view);
    const open = openView(views);
    views.retire(cells[1]!, 0);
    expect(views.makeRoom()).toBe(true);
    expect(open.isOpen()).toBe(true);
    expect(arena.allocate(CELL_BYTES)).toBe(cells[0]);
  });

  test('is had through an older view as well', () => {
    const { arena, views, cells } = fullArena();
    const older = openView(views);
    const newer = openView(views);
    views.retire(cells[0]!, 0);
    expect(views.makeRoom()).toBe(true);
    expect([older.isOpen(), newer.isOpen()]).toEqual([false, false]);
    expect(arena.allocate(CELL_BYTES)).toBe(cells[0]);
  });

  test('stays where a view may not be taken away', () => {
    const { views, cells } = fullArena();
    views.open();
    views.retire(cells[0]!, 0);
    expect(views.makeRoom()).toBe(false);
    expect(views.openCount).toBe(1);
  });
});

describe('a view that is beyond a limit is taken from its reader', () => {
  const LIMITS = { ageMs: 1000, bytes: 2500 };

  test('of age', () => {
    const { views } = fullArena();
    const early = openView(views, 5000);
    const late = openView(views, 5001);
    views.enforceLimits(6000, LIMITS);
    expect([early.loss(), late.loss()]).toEqual([null, null]);
    views.enforceLimits(6001, LIMITS);
    expect([early.loss(), late.loss()]).toEqual(['age', null]);
    expect(views.openCount).toBe(1);
  });

  test('of bytes', () => {
    const { arena, views, cells } = fullArena();
    const { loss } = openView(views);
    for (const cell of cells.slice(0, 2)) views.retire(cell, 0);
    views.enforceLimits(0, LIMITS);
    expect(loss()).toBe(null);
    views.retire(cells[2]!, 0);
    views.enforceLimits(0, LIMITS);
    expect(loss()).toBe('bytes');
    expect(arena.allocate(CELL_BYTES)).toBe(NO_ADDRESS);
    expect(views.freeSlice(10)).toBe(false);
    expect(arena.allocate(CELL_BYTES)).not.toBe(NO_ADDRESS);
  });

  test('together with another one that the same reader closes', () => {
    const { views } = fullArena();
    const opened: ReadView[] = [];
    const giveUp = (): void => opened.splice(0).forEach((view) => views.close(view));
    opened.push(views.open({ nowMs: 0, giveUp }), views.open({ nowMs: 0, giveUp }));
    views.enforceLimits(1001, LIMITS);
    expect(views.openCount).toBe(0);
  });

  test('unless it may not be taken away', () => {
    const { views, cells } = fullArena();
    views.open();
    for (const cell of cells) views.retire(cell, 0);
    views.enforceLimits(1e9, LIMITS);
    expect(views.openCount).toBe(1);
  });
});

test('a cell is free exactly when no open view was there between its allocation and its retirement', () => {
  const random = new SeededRandom(5);
  const arena = new Arena(QUOTA_BYTES);
  const views = new ReadViews(arena);
  const cell = arena.allocate(CELL_BYTES);
  const cellBytes = arena.cellBytesAt(cell);
  arena.free(cell);
  const open = new Set<ReadView>();
  const live: { cell: Address; epoch: number }[] = [];
  const kept: { cell: Address; seenBy: Set<ReadView> }[] = [];
  for (let step = 0; step < 20_000; step++) {
    const choice = random.below(10);
    if (choice < 4 && live.length < 100) {
      const cell = arena.allocate(CELL_BYTES);
      if (cell !== NO_ADDRESS) live.push({ cell, epoch: views.currentEpoch });
    } else if (choice < 7 && live.length > 0) {
      const [{ cell, epoch }] = live.splice(random.below(live.length), 1) as [(typeof live)[number]];
      kept.push({ cell, seenBy: new Set([...open].filter((view) => view.epoch >= epoch)) });
      views.retire(cell, epoch);
    } else if (choice < 9 && open.size < 6) {
      open.add(views.open());
    } else if (open.size > 0) {
      const closed = [...open][random.below(open.size)]!;
      open.delete(closed);
      views.close(closed);
    }
    while (views.freeSlice(3));
    const waiting = kept.filter(({ seenBy }) => [...seenBy].some((view) => open.has(view)));
    kept.splice(0, kept.length, ...waiting);
    expect(views.retiredCount).toBe(waiting.length);
    expect(arena.statistics().cellBytes).toBe((live.length + waiting.length) * cellBytes);
  }
});

import { describe, expect, test } from 'vitest';
import { type Address, Arena, NO_ADDRESS } from './arena.ts';
import { type ReadView, ReadViews } from './read-views.ts';

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

/** A view that is closed when it is given up; `isOpen` tells. */
function openView(views: ReadViews): { view: ReadView; isOpen: () => boolean } {
  let isOpen = true;
  const view = views.open(() => {
    isOpen = false;
    views.close(view);
  });
  return { view, isOpen: () => isOpen };
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

import { describe, expect, it } from 'vitest';
import { MemoryShare } from './memory-share.ts';

function share(cellBytes: number, runBytes: number): MemoryShare {
  return new MemoryShare({ statistics: () => ({ quotaBytes: 1000, arenaBytes: 1000, cellBytes, runBytes }) });
}

describe('the share of the memory', () => {
  it('has room for what is there twice, in the log and applied', () => {
    expect([share(400, 400).hasRoomFor(25), share(400, 400).hasRoomFor(26)]).toEqual([true, false]);
  });

  it('goes by what is in use: blocks of which most was deleted do not end all writing', () => {
    expect([share(20, 460).hasRoomFor(50), share(20, 460).isTight]).toEqual([true, false]);
    expect(share(20, 745).hasRoomFor(5)).toBe(false);
  });

  it('is tight before it is full', () => {
    expect([share(400, 400).isTight, share(401, 401).isTight]).toEqual([false, true]);
    expect(share(401, 401).hasRoomFor(10)).toBe(true);
  });
});

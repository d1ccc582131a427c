import { describe, expect, it } from 'vitest';
import type { Vclock } from '../../codec/xlog/index.ts';
import { rowBytes } from '../../../test/support/replication-engine.ts';
import { covers, LogFeed } from './log-feed.ts';

const nothing = (): void => undefined;

/** Writes row `lsn` of replica 1 behind the row before it. */
function add(feed: LogFeed, lsn: number): void {
  feed.add(rowBytes({ replicaId: 1, lsn }), [0, lsn - 1], [0, lsn]);
}

describe('the feed', () => {
  it('keeps nothing while nobody follows', () => {
    const feed = new LogFeed(1000);
    add(feed, 1);
    expect(feed.continuationOf([0, 0], [0, 1])).toBeNull();
    const unfollow = feed.follow(nothing);
    add(feed, 2);
    expect(feed.chunk(1)?.vclockAfter).toEqual([0, 2]);
    unfollow();
    expect(feed.chunk(1)).toBeNull();
  });

  it('does not take what it has not seen for seen', () => {
    const feed = new LogFeed(1000);
    feed.follow(nothing)();
    add(feed, 1);
    feed.follow(nothing);
    expect(feed.continuationOf([0, 0], [0, 1])).toBeNull();
    expect(feed.continuationOf([0, 1], [0, 1])).toBe(1);
  });

  it('finds the first chunk with something beyond a state', () => {
    const feed = new LogFeed(1000);
    feed.follow(nothing);
    for (let lsn = 6; lsn <= 9; lsn++) add(feed, lsn);
    const next = (lsn: number): number | null => feed.continuationOf([0, lsn], [0, 9]);
    expect([4, 5, 6, 7, 8, 9, 12].map(next)).toEqual([null, 1, 2, 3, 4, 5, 5]);
    expect([feed.chunk(4)?.vclockBefore, feed.chunk(5)]).toEqual([[0, 8], undefined]);
  });

  it('lets the oldest go when it has too much, but never the newest', () => {
    const feed = new LogFeed(60);
    feed.follow(nothing);
    for (let lsn = 1; lsn <= 20; lsn++) add(feed, lsn);
    expect([feed.chunk(1), feed.continuationOf([0, 0], [0, 20])]).toEqual([null, null]);
    expect(feed.chunk(20)?.vclockAfter).toEqual([0, 20]);
    const tiny = new LogFeed(1);
    tiny.follow(nothing);
    add(tiny, 1);
    expect(tiny.chunk(1)).not.toBeNull();
  });

  it('says whose rows a chunk has, and does not change it any more', () => {
    const feed = new LogFeed(1000);
    feed.follow(nothing);
    const rows = new Uint8Array([...rowBytes({ replicaId: 1, lsn: 1 }), ...rowBytes({ replicaId: 5, lsn: 7 })]);
    feed.add(rows, [], [0, 1, 0, 0, 0, 7]);
    const chunk = feed.chunk(1);
    const before = chunk?.packets.slice();
    rows.fill(0);
    expect(chunk?.origins).toBe((1 << 1) | (1 << 5));
    expect(chunk?.packets).toEqual(before);
  });

  it('calls all who follow, and nobody who has left', () => {
    const feed = new LogFeed(1000);
    const calls: string[] = [];
    const leave = feed.follow(() => calls.push('one'));
    feed.follow(() => calls.push('two'));
    add(feed, 1);
    leave();
    add(feed, 2);
    expect(calls).toEqual(['one', 'two', 'two']);
  });
});

describe('a state', () => {
  it.each<[Vclock, Vclock, boolean]>([
    [[0, 5], [9, 5], true],
    [[9, 4], [0, 5], false],
    [[0, 5, 0, 2], [0, 5], true],
    [[], [7], true],
    [[], [0, 0, 1], false],
  ])('%j covers %j: %s, whatever local rows there are', (vclock, other, isCovered) => {
    expect(covers(vclock, other)).toBe(isCovered);
  });
});

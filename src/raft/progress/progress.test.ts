import { describe, expect, test } from 'vitest';
import { Progress } from './progress.ts';

const LIMITS = { countMax: 2, bytesMax: 1000 };

function probing(next = 5, match = 0): Progress {
  const progress = new Progress(next, false, LIMITS);
  progress.reset(next, match);
  return progress;
}

function replicating(match = 4): Progress {
  const progress = probing(match + 1, match);
  progress.becomeReplicate();
  return progress;
}

test('who is new is looked upon as active, who is new to a leader is not', () => {
  const progress = new Progress(3, true, LIMITS);
  expect(progress).toMatchObject({ match: 0, next: 3, state: 'probe', isLearner: true, isRecentlyActive: true });
  expect(progress.learnsFrom(1)).toBe(true);
  progress.sentCommit(2);
  progress.becomeReplicate();
  progress.sentEntries(1, 1);
  progress.reset(9, 8);
  expect(progress.inFlight.count).toBe(0);
  expect(progress).toMatchObject({ match: 8, next: 9, state: 'probe', isRecentlyActive: false, isPaused: false });
  expect(progress.learnsFrom(1)).toBe(true);
});

describe('probe', () => {
  test('one append with entries, then an answer is waited for', () => {
    const progress = probing();
    progress.sentEntries(0, 0);
    expect(progress.isPaused).toBe(false);
    progress.sentEntries(3, 30);
    expect(progress).toMatchObject({ isPaused: true, next: 5 });
    progress.release();
    expect(progress.isPaused).toBe(false);
    progress.hold();
    expect(progress.isPaused).toBe(true);
  });

  test('a refusal leads back to where the logs may match', () => {
    const progress = probing(9, 2);
    progress.hold();
    expect(progress.refused(7, 3)).toBe(false);
    expect(progress.isPaused).toBe(true);
    expect(progress.refused(8, 5)).toBe(true);
    expect(progress).toMatchObject({ next: 6, isPaused: false });
    expect(progress.refused(5, 7)).toBe(true);
    expect(progress.next).toBe(5);
    expect(progress.refused(4, 0)).toBe(true);
    expect(progress.next).toBe(3);
  });
});

describe('replicate', () => {
  test('sends ahead until enough is on its way', () => {
    const progress = replicating(4);
    progress.sentEntries(3, 30);
    expect(progress).toMatchObject({ next: 8, isPaused: false });
    expect(progress.inFlight.count).toBe(1);
    progress.sentEntries(0, 0);
    expect(progress).toMatchObject({ next: 8, isPaused: false });
    expect(progress.inFlight.count).toBe(1);
    progress.sentEntries(1, 10);
    expect(progress).toMatchObject({ next: 9, isPaused: true });
    progress.inFlight.arrived(7);
    expect(progress.inFlight.count).toBe(1);
    progress.inFlight.arrived(8);
    expect(progress.inFlight.count).toBe(0);
  });

  test('only a refusal of more than is known counts, and everything behind that is sent again', () => {
    const progress = replicating(4);
    progress.sentEntries(3, 30);
    expect(progress.refused(4, 1)).toBe(false);
    expect(progress.next).toBe(8);
    expect(progress.refused(5, 1)).toBe(true);
    expect(progress.next).toBe(5);
  });

  test('becomes a probe behind what is known', () => {
    const progress = replicating(4);
    progress.sentEntries(3, 30);
    progress.becomeProbe();
    expect(progress).toMatchObject({ state: 'probe', next: 5, isPaused: false });
    expect(progress.inFlight.count).toBe(0);
  });

  test('begins behind what is known', () => {
    const progress = probing(9, 2);
    progress.becomeReplicate();
    expect(progress).toMatchObject({ state: 'replicate', next: 3 });
  });
});

describe('snapshot', () => {
  test('waits, and is tried behind it', () => {
    const progress = probing(3, 1);
    progress.becomeSnapshot(8);
    expect(progress).toMatchObject({ state: 'snapshot', next: 9, pendingSnapshotIndex: 8, isPaused: true });
    progress.release();
    expect(progress.isPaused).toBe(true);
    expect(() => progress.sentEntries(1, 1)).toThrow('waits for a snapshot');
    progress.becomeProbe();
    expect(progress).toMatchObject({ state: 'probe', next: 9, pendingSnapshotIndex: 0, isPaused: false });
  });

  test('one that failed is forgotten', () => {
    const progress = probing(3, 1);
    progress.becomeSnapshot(8);
    progress.pendingSnapshotIndex = 0;
    progress.becomeProbe();
    expect(progress.next).toBe(2);
  });

  test('what it has got meanwhile counts, if it is more', () => {
    const progress = probing(3, 1);
    progress.becomeSnapshot(8);
    progress.accepted(12);
    progress.becomeProbe();
    expect(progress.next).toBe(13);
  });
});

test('an acceptance counts once, and sets going again', () => {
  const progress = probing(5, 2);
  progress.hold();
  expect(progress.accepted(2)).toBe(false);
  expect(progress.isPaused).toBe(true);
  expect(progress.accepted(3)).toBe(true);
  expect(progress).toMatchObject({ match: 3, next: 5, isPaused: false });
  expect(progress.accepted(7)).toBe(true);
  expect(progress).toMatchObject({ match: 7, next: 8 });
});

describe('what it learns from a commit index', () => {
  test('more than before, and no more than is on its way', () => {
    const progress = replicating(4);
    expect(progress.learnsFrom(0)).toBe(false);
    expect(progress.learnsFrom(1)).toBe(true);
    progress.sentCommit(3);
    expect(progress.learnsFrom(3)).toBe(false);
    expect(progress.learnsFrom(4)).toBe(true);
    progress.sentCommit(4);
    expect(progress.learnsFrom(9)).toBe(false);
    progress.sentEntries(1, 1);
    expect(progress.learnsFrom(9)).toBe(true);
  });

  test('what was sent ahead may be lost, with the commit index', () => {
    const probe = replicating(4);
    probe.sentEntries(3, 1);
    probe.sentCommit(7);
    probe.becomeProbe();
    probe.becomeReplicate();
    probe.sentEntries(2, 1);
    expect(probe.learnsFrom(5)).toBe(true);
    expect(probe.learnsFrom(4)).toBe(false);

    const refused = replicating(4);
    refused.sentEntries(3, 1);
    refused.sentCommit(7);
    refused.refused(6, 4);
    refused.sentEntries(2, 1);
    expect(refused.learnsFrom(5)).toBe(true);
    expect(refused.learnsFrom(4)).toBe(false);
  });

  test('a snapshot tells it', () => {
    const progress = probing(3, 1);
    progress.becomeSnapshot(8);
    progress.becomeProbe();
    progress.accepted(12);
    expect(progress.learnsFrom(8)).toBe(false);
    expect(progress.learnsFrom(9)).toBe(true);
  });
});

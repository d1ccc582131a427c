/** The log on disk beside one in memory: whatever happens, both answer the same, and so does what is read anew. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxError } from '../../base/index.ts';
import {
  type Append,
  EMPTY_MEMBERSHIP,
  type Entry,
  type Payload,
  type LogReader,
  MemoryStorage,
  raftId,
  RaftNode,
  type Snapshot,
} from '../../raft/index.ts';
import { TEST_OPTIONS } from '../../raft/group-fixture.ts';
import { BoxFixture } from './box-fixture.ts';
import { LIMITS } from '../../config/index.ts';
import { anyPayload } from '../../../test/support/raft-messages.ts';
import { RAFT_SPACE } from './spaces.ts';
import type { RaftStore } from './store.ts';

const NO_SNAPSHOT = (): void => undefined;
const EVERYTHING = Number.MAX_SAFE_INTEGER;

function append(part: Partial<Append>): Append {
  return {
    hardState: null,
    snapshot: null,
    entries: [],
    isSyncNeeded: true,
    messages: [],
    token: { term: 0, last: null, snapshotIndex: null, own: [] },
    ...part,
  };
}

/** All that a log can be asked. */
function answersOf(log: LogReader): unknown {
  const [first, last] = [log.firstIndex(), log.lastIndex()];
  const indexes = Array.from({ length: last - first + 2 }, (_, offset) => first - 1 + offset);
  return {
    first,
    last,
    terms: indexes.map((index) => log.term(index)),
    all: first > last ? [] : log.entries(first, last + 1, EVERYTHING),
    // In several pieces: which bounds are kept is the same.
    some: indexes.slice(1).map((index) => log.entries(index, last + 1, 60)),
    compacted: log.entries(first - 1, last, EVERYTHING),
  };
}

type Step =
  | Readonly<{ kind: 'write'; back: number; terms: readonly number[]; payloads: readonly Entry['payload'][] }>
  | Readonly<{ kind: 'compact'; share: number }>
  | Readonly<{ kind: 'snapshot'; ahead: number }>
  | Readonly<{ kind: 'reload' }>;

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      /** So many of the last entries are replaced. */
      back: fc.nat({ max: 4 }),
      terms: fc.array(fc.nat({ max: 1 }), { minLength: 6, maxLength: 6 }),
      payloads: fc.array(anyPayload, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const), share: fc.nat({ max: 100 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('snapshot' as const), ahead: fc.nat({ max: 5 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reload' } as const) },
);

class Pair {
  readonly fixture = new BoxFixture();
  readonly store: RaftStore = this.fixture.newStore();
  readonly memory = new MemoryStorage();
  #term = 1;

  take(step: Step): void {
    const { memory, store } = this;
    switch (step.kind) {
      case 'write': {
        const from = Math.max(memory.firstIndex(), memory.lastIndex() + 1 - step.back);
        const entries = step.payloads.map((payload, place): Entry => {
          this.#term += step.terms[place] ?? 0;
          return { term: this.#term, index: from + place, payload };
        });
        memory.append(entries);
        store.write(append({ entries }), NO_SNAPSHOT);
        return;
      }
      case 'compact': {
        const count = memory.lastIndex() + 1 - memory.firstIndex();
        const index = memory.firstIndex() - 1 + Math.floor((count * step.share) / 100);
        memory.compact(index);
        store.transaction(() => {
          store.setApplied(Math.max(store.applied, index), Math.max(store.applied, index));
          store.compact(index, EVERYTHING);
        });
        return;
      }
      case 'snapshot': {
        const id = { term: ++this.#term, index: memory.lastIndex() + step.ahead };
        const snapshot: Snapshot = { id, membership: EMPTY_MEMBERSHIP, data: new Uint8Array(0) };
        memory.restore(snapshot);
        store.write(append({ snapshot }), NO_SNAPSHOT);
        return;
      }
      default:
        store.reload();
    }
  }
}

describe('the log on disk', () => {
  it('answers so for entries that are too many to be kept decoded', () => {
    const pair = new Pair();
    for (let turn = 0; turn < 24; turn++) {
      const payloads = [1, 2, 3].map((place): Payload => ({
        kind: 'data',
        data: new Uint8Array(4000).fill(turn + place),
      }));
      pair.take({ kind: 'write', back: turn % 3, terms: [0, turn % 5 === 0 ? 1 : 0, 0], payloads });
      if (turn % 16 === 9) pair.take({ kind: 'compact', share: 40 });
      if (turn % 8 === 7) expect(answersOf(pair.store)).toEqual(answersOf(pair.memory));
    }
  });

  it('answers as one in memory does, whatever was written, compacted and restored', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 12 }), (steps) => {
        const pair = new Pair();
        for (const step of steps) {
          pair.take(step);
          expect(answersOf(pair.store)).toEqual(answersOf(pair.memory));
        }
        pair.fixture.settle();
        // Nothing of it was only in memory.
        expect(answersOf(pair.fixture.newStore())).toEqual(answersOf(pair.memory));
      }),
      { numRuns: 30 },
    );
  });

  it('that refuses a write has what was durable before, and nothing of what came since', () => {
    fc.assert(
      fc.property(
        fc.array(anyStep, { maxLength: 6 }),
        fc.array(anyStep, { minLength: 1, maxLength: 6 }),
        (before, lost) => {
          const pair = new Pair();
          for (const step of before) pair.take(step);
          pair.fixture.settle();
          pair.store.reload();
          const [durable, state] = [answersOf(pair.store), pair.store.initialState()];
          for (const step of lost) pair.take(step);
          pair.fixture.settle(boxError('WAL_IO'));
          pair.store.reload();
          expect(answersOf(pair.store)).toEqual(durable);
          expect(pair.store.initialState()).toEqual(state);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('the state', () => {
  const voters = [raftId(1), raftId(2), raftId(3)];
  const CHANGE = { transition: 'auto', context: new Uint8Array(0) } as const;
  const data = (text: string): Entry['payload'] => ({ kind: 'data', data: new TextEncoder().encode(text) });

  it('begins behind an entry that nobody has, with all founders', () => {
    const fixture = new BoxFixture();
    const store = fixture.newStore();
    expect(store.isNew).toBe(true);
    store.transaction(() => {
      store.set('raft_id', 1);
      store.begin({ ...EMPTY_MEMBERSHIP, voters });
    });
    for (const each of [store, fixture.newStore()]) {
      expect([each.isNew, each.firstIndex(), each.lastIndex(), each.applied]).toEqual([false, 2, 1, 1]);
      expect(each.term(1)).toBe(1);
      expect(each.initialState()).toEqual({
        hardState: { term: 1, vote: 0, commit: 1 },
        membership: { ...EMPTY_MEMBERSHIP, voters },
      });
    }
  });

  it('keeps term and vote of what was written, and the commit index of what was applied', () => {
    const fixture = new BoxFixture();
    const store = fixture.newStore();
    const entries = [1, 2, 3].map((index): Entry => ({ term: 4, index, payload: data(`${index}`) }));
    store.write(append({ entries, hardState: { term: 4, vote: raftId(2), commit: 1 } }), NO_SNAPSHOT);
    expect(fixture.newStore().initialState().hardState).toEqual({ term: 4, vote: 2, commit: 1 });
    store.transaction(() => store.setApplied(2, 3));
    expect(store.applied).toBe(2);
    expect(fixture.newStore().initialState().hardState).toEqual({ term: 4, vote: 2, commit: 3 });
    expect(fixture.newStore().applied).toBe(2);
  });

  it('has with entries the commit index that was told before them, so that nobody stands for an older group', () => {
    const fixture = new BoxFixture();
    const store = fixture.newStore();
    const removal = {
      kind: 'membership',
      change: { ...CHANGE, changes: [{ kind: 'remove', id: raftId(2) }] },
    } as const;
    const addition = {
      kind: 'membership',
      change: { ...CHANGE, changes: [{ kind: 'add-voter', id: raftId(4) }] },
    } as const;
    store.transaction(() => store.begin({ ...EMPTY_MEMBERSHIP, voters }));
    store.write(append({ entries: [{ term: 1, index: 2, payload: removal }] }), NO_SNAPSHOT);
    // Told by itself, and written with what comes next; what it leads to is never written.
    store.write(append({ hardState: { term: 1, vote: raftId(3), commit: 2 }, isSyncNeeded: false }), NO_SNAPSHOT);
    store.write(append({ entries: [{ term: 1, index: 3, payload: addition }] }), NO_SNAPSHOT);
    fixture.settle();
    const again = fixture.newStore();
    expect([again.initialState().hardState.commit, again.applied]).toEqual([2, 1]);
    const core = new RaftNode({ ...TEST_OPTIONS, id: raftId(1), storage: again, appliedIndex: again.applied });
    core.campaign();
    expect(core.status().role).toBe('follower');
  });

  it('takes a later term with a vote for itself, and none that is earlier', () => {
    const fixture = new BoxFixture();
    const store = fixture.newStore();
    store.write(append({ hardState: { term: 4, vote: raftId(2), commit: 0 } }), NO_SNAPSHOT);
    for (const [term, expected] of [
      [3, { term: 4, vote: 2 }],
      [4, { term: 4, vote: 2 }],
      [6, { term: 6, vote: 1 }],
    ] as const) {
      store.transaction(() => store.raiseTerm(term, raftId(1)));
      for (const each of [store, fixture.newStore()]) expect(each.initialState().hardState).toMatchObject(expected);
    }
  });

  it('without what must be on disk is not written at all', () => {
    const fixture = new BoxFixture();
    const store = fixture.newStore();
    expect(
      store.write(append({ isSyncNeeded: false, hardState: { term: 1, vote: raftId(1), commit: 1 } }), NO_SNAPSHOT),
    ).toBe(null);
    expect(fixture.rows(RAFT_SPACE.state)).toEqual([]);
  });

  it('and the entries are rows as Picodata has them', () => {
    const fixture = new BoxFixture();
    const store = fixture.newStore();
    const change = {
      transition: 'implicit',
      changes: [{ kind: 'add-learner', id: raftId(4) }],
      context: new Uint8Array(0),
    } as const;
    const entries: Entry[] = [
      { term: 1, index: 1, payload: data('') },
      { term: 2, index: 2, payload: { kind: 'membership', change } },
    ];
    store.write(append({ entries, hardState: { term: 2, vote: raftId(3), commit: 0 } }), NO_SNAPSHOT);
    expect(fixture.rows(RAFT_SPACE.log)).toEqual([
      [0, 1, 1, new Uint8Array(0), null],
      [2, 2, 2, new Uint8Array([0x93, 1, 0x91, 0x92, 2, 4, 0xc4, 0]), null],
    ]);
    expect(fixture.rows(RAFT_SPACE.state)).toEqual([
      ['term', 2],
      ['vote', 3],
    ]);
  });

  it('is as before when a transaction fails half way', () => {
    const fixture = new BoxFixture();
    const store = fixture.newStore();
    const entries = [{ term: 1, index: 1, payload: data('kept') }];
    store.write(append({ entries }), NO_SNAPSHOT);
    const before = answersOf(store);
    expect(() =>
      store.transaction(() => {
        store.setApplied(1, 1);
        throw boxError('TIMEOUT');
      }),
    ).toThrow('Timeout exceeded');
    expect([answersOf(store), store.applied]).toEqual([before, 0]);
  });

  it('refuses what is too large to be an entry before it is one, whatever users may keep', () => {
    const store = new BoxFixture().newStore();
    const payload = (size: number): Entry['payload'] => ({ kind: 'data', data: new Uint8Array(size) });
    expect(() => store.checkSize(payload(LIMITS.tupleBytesMax - 32))).toThrow('tuple is too large');
    const largest = LIMITS.tupleBytesMax - 60;
    store.checkSize(payload(largest));
    store.write(append({ entries: [{ term: 1, index: 1, payload: payload(largest) }] }), NO_SNAPSHOT);
    expect(store.lastIndex()).toBe(1);
  });
});

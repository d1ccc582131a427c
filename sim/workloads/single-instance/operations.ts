/**
 * The requests of one client on its own rows: how each is sent, and what it does to the client's state.
 * Every row carries the stamp of the request that wrote it last, so that rows tell which request they come from.
 */
import { ERROR_TABLE, type SeededRandom } from '../../../src/base/index.ts';
import type { Requests, Tuple } from '../../../src/client/index.ts';
import { INDEX, SPACE } from './schema.ts';
import { errorReply, replyText, rowKey, withRow, type Effect, type Row, type State } from './state.ts';

/** What a client draws its requests with. */
export type Drawing = Readonly<{
  random: SeededRandom;
  /** The number of the client: the group of its rows, and what its ids begin with. */
  group: number;
  nextStamp: () => number;
}>;

export type Operation = Readonly<{
  name: string;
  effect: Effect;
  send: (requests: Requests) => Promise<string>;
  /** Rows of other clients may have the same key in a unique index: then it is refused. */
  mayBeDuplicate: boolean;
}>;

const SPACES = [SPACE.accounts, SPACE.accounts, SPACE.local, SPACE.hashed] as const;
const KEYS_PER_SPACE = 2;
const SLOTS = 24;
const DUPLICATE = errorReply(ERROR_TABLE.TUPLE_FOUND.code);

/** `withSlots`: the request may name a key that other clients fight for. */
export function drawOperation(drawing: Drawing, state: State, withSlots: boolean): Operation {
  const { random, group } = drawing;
  const space = random.pick(SPACES);
  const id = group * 100 + random.below(KEYS_PER_SPACE);
  const isThere = state.has(rowKey(space, id));
  const kind = random.pick(
    isThere
      ? (['replace', 'update', 'update', 'upsert', 'delete', 'insert', 'read', 'readGroup'] as const)
      : (['insert', 'insert', 'replace', 'upsert', 'update', 'read'] as const),
  );
  switch (kind) {
    case 'insert':
      return insert(space, drawRow(drawing, space, id, withSlots));
    case 'replace':
      return replace(space, drawRow(drawing, space, id, withSlots));
    case 'update':
      return update(space, id, drawing.nextStamp(), random.below(100) - 50);
    case 'upsert':
      return upsert(space, drawRow(drawing, space, id, false), random.below(100));
    case 'delete':
      return remove(space, id);
    case 'read':
      return read(space, id);
    case 'readGroup':
      return readGroup(random.pick([SPACE.accounts, SPACE.local]), group);
  }
}

function drawRow({ random, group, nextStamp }: Drawing, space: number, id: number, withSlots: boolean): Row {
  const slot = withSlots && space === SPACE.accounts && random.chance(0.3) ? random.below(SLOTS) : null;
  const length = random.chance(0.05) ? random.below(4000) : random.below(60);
  return [id, nextStamp(), random.below(1000), group, slot, 'x'.repeat(length)];
}

function insert(space: number, row: Row): Operation {
  const key = rowKey(space, Number(row[0]));
  return {
    name: `insert ${key}`,
    effect: (state) =>
      state.has(key) ? { state, reply: DUPLICATE } : { state: withRow(state, key, row), reply: replyText([row]) },
    send: async (requests) => replyText([await requests.insert(space, row)]),
    mayBeDuplicate: row[4] !== null,
  };
}

function replace(space: number, row: Row): Operation {
  const key = rowKey(space, Number(row[0]));
  return {
    name: `replace ${key}`,
    effect: (state) => ({ state: withRow(state, key, row), reply: replyText([row]) }),
    send: async (requests) => replyText([await requests.replace(space, row)]),
    mayBeDuplicate: row[4] !== null,
  };
}

function update(space: number, id: number, stamp: number, added: number): Operation {
  const key = rowKey(space, id);
  return {
    name: `update ${key}`,
    effect: (state) => {
      const row = state.get(key);
      if (row === undefined) return { state, reply: replyText([]) };
      const next = changed(row, stamp, added);
      return { state: withRow(state, key, next), reply: replyText([next]) };
    },
    send: async (requests) => {
      const row = await requests.update(
        space,
        [id],
        [
          ['+', 2, added],
          ['=', 1, stamp],
        ],
      );
      return rowsText(row);
    },
    mayBeDuplicate: false,
  };
}

function upsert(space: number, row: Row, added: number): Operation {
  const key = rowKey(space, Number(row[0]));
  const stamp = Number(row[1]);
  return {
    name: `upsert ${key}`,
    effect: (state) => {
      const before = state.get(key);
      return {
        state: withRow(state, key, before === undefined ? row : changed(before, stamp, added)),
        reply: replyText([]),
      };
    },
    send: async (requests) => {
      await requests.upsert(space, row, [
        ['+', 2, added],
        ['=', 1, stamp],
      ]);
      return replyText([]);
    },
    mayBeDuplicate: false,
  };
}

function remove(space: number, id: number): Operation {
  const key = rowKey(space, id);
  return {
    name: `delete ${key}`,
    effect: (state) => {
      const row = state.get(key);
      return row === undefined
        ? { state, reply: replyText([]) }
        : { state: withRow(state, key, null), reply: replyText([row]) };
    },
    send: async (requests) => rowsText(await requests.delete(space, [id])),
    mayBeDuplicate: false,
  };
}

function read(space: number, id: number): Operation {
  const key = rowKey(space, id);
  return {
    name: `read ${key}`,
    effect: (state) => ({ state, reply: rowsText(state.get(key) ?? null) }),
    send: async (requests) => replyText(await requests.select(space, [id])),
    mayBeDuplicate: false,
  };
}

/** All rows of the client in a space, by the secondary index. */
function readGroup(space: number, group: number): Operation {
  return {
    name: `read group ${group} of ${space}`,
    effect: (state) => {
      const rows = [...state].filter(([key]) => key.startsWith(`${space}:`)).map(([, row]) => row);
      return { state, reply: replyText(rows.sort((left, right) => Number(left[0]) - Number(right[0]))) };
    },
    send: async (requests) => replyText(await requests.select(space, [group], { index: INDEX.byGroup })),
    mayBeDuplicate: false,
  };
}

function changed(row: Row, stamp: number, added: number): Row {
  const next = [...row];
  next[1] = stamp;
  next[2] = Number(row[2]) + added;
  return next;
}

function rowsText(row: Tuple | null): string {
  return replyText(row === null ? [] : [row]);
}

/** Several requests as one: all of them, or none. Its reply is that of its parts, one after the other. */
export function together(operations: readonly Operation[]): Effect {
  return (state) => {
    let current = state;
    const replies: string[] = [];
    for (const { effect } of operations) {
      const outcome = effect(current);
      if (outcome === null) return null;
      current = outcome.state;
      replies.push(outcome.reply);
    }
    return { state: current, reply: replies.join('\n') };
  };
}

/** The effect of a transaction whose parts had these replies: COMMIT makes sure that they would be the same again. */
export function committed(operations: readonly Operation[], replies: string): Effect {
  const effect = together(operations);
  return (state) => {
    const outcome = effect(state);
    return outcome === null || outcome.reply !== replies ? null : outcome;
  };
}

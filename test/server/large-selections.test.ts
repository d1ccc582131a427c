/**
 * Selections that are gathered in slices, in an instance whose data changes between the slices: their result is the
 * state at their beginning, or an error.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLocalApi, type LocalApi, type LocalSpace } from '../../src/app/procedures/index.ts';
import { ByteWriter, ERROR_TABLE } from '../../src/base/index.ts';
import { decodeValue, encodeToBytes, skipValue, type Value } from '../../src/codec/msgpack/index.ts';
import type { LargeSelection } from '../../src/engine/box/index.ts';
import { ITERATOR, type IteratorType } from '../../src/engine/indexes/index.ts';
import type { IteratorName } from '../../src/codec/iproto/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, Instance, type InstanceOptions } from '../../src/instance/index.ts';
import { createTestEnv } from '../support/node-env.ts';
import { KEY, RawConnection, REQUEST, requestPacket } from '../support/raw-iproto.ts';

const TUPLES = 3000;
const STEP = { tuples: 100, bytes: 100_000 } as const;
const VIEW_OF_USERS = 305;
const ABORTED = { code: ERROR_TABLE.READ_VIEW_ABORTED.code, message: 'The read view is aborted' };
/** Iterators by their number. */
const NAMES: readonly IteratorName[] = ['EQ', 'REQ', 'ALL', 'LT', 'LE', 'GE', 'GT'];
const PAYLOAD = 'x'.repeat(500);
const WAIT = { timeout: 30_000, interval: 10 } as const;

let dataDir: string;
let instance: Instance;
let api: LocalApi;
let space: LocalSpace;

async function start(options: Partial<InstanceOptions> = {}): Promise<void> {
  const onFailure = (error: Error): void => {
    throw error;
  };
  const all = { ...DEFAULT_INSTANCE_OPTIONS, dataDir, listen: null, walMode: 'none' as const, ...options };
  instance = await Instance.start(createTestEnv(), all, { onFailure });
  api = createLocalApi(instance.box, instance.box.adminSession);
}

function fill(type: 'tree' | 'hash'): void {
  api.schema.createSpace('rows');
  api.schema.createIndex('rows', 'pk', { type, parts: [[0, 'unsigned']] });
  if (type === 'tree') api.schema.createIndex('rows', 'group', { unique: false, parts: [[1, 'unsigned']] });
  space = api.space('rows');
  for (let id = 0; id < TUPLES; id++) space.insert([id, id % 3, PAYLOAD]);
}

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'picodata-selections-'));
});
afterEach(async () => {
  await instance.stop();
  rmSync(dataDir, { recursive: true });
});

type Query = Readonly<{
  spaceId?: number;
  index?: number;
  iterator?: IteratorType;
  offset?: number;
  key?: readonly number[];
}>;

function open({ spaceId = 512, index = 0, iterator = ITERATOR.ALL, offset = 0, key = [] }: Query): LargeSelection {
  const { statements, adminSession } = instance.box;
  const nowMs = instance.env.clock.monotonicMs();
  const bytes = encodeToBytes([...key]);
  const selection = statements.selectLarge(adminSession, spaceId, index, iterator, offset, 1e9, bytes, 0, nowMs);
  expect(selection).not.toBeNull();
  return selection!;
}

function rowsIn({ bytes, position: end }: ByteWriter): Value[] {
  const rows: Value[] = [];
  for (let at = 0; at < end; at = skipValue(bytes, at)) rows.push(decodeValue(bytes, at));
  return rows;
}

/** All of the selection's tuples; `between` is called between two slices. */
function gather(selection: LargeSelection, between: () => void): Value[] {
  const output = new ByteWriter(STEP.bytes);
  while (selection.advance(output, STEP)) between();
  const rows = rowsIn(output);
  expect(selection.count).toBe(rows.length);
  return rows;
}

const openViews = (): number => instance.storage.memories.reduce((sum, { views }) => sum + views.openCount, 0);
const retired = (): number => instance.storage.memories.reduce((sum, { views }) => sum + views.retiredCount, 0);

describe.each(['tree', 'hash'] as const)('a %s that changes between slices', (type) => {
  beforeEach(async () => {
    await start();
    fill(type);
  });

  /** Touches what has been given and what is still to come. */
  function change(round: number): void {
    for (let id = round; id < TUPLES; id += 7) space.replace([id, (id + round) % 3, `${round}`]);
    for (let id = round * 3; id < TUPLES; id += 41) space.delete([id]);
    for (let id = 0; id < 50; id++) space.replace([TUPLES + round * 50 + id, 1, 'new']);
  }

  /** `behind`: with the key of that tuple in the order of the index. */
  const queries: readonly (Query & { behind?: number })[] = [
    {},
    { offset: 1234 },
    { iterator: ITERATOR.GT, behind: 700 },
    ...(type === 'tree'
      ? [
          { iterator: ITERATOR.LE, key: [2500] },
          { index: 1, iterator: ITERATOR.EQ, key: [1] },
          { index: 1, iterator: ITERATOR.REQ, key: [2], offset: 10 },
        ]
      : []),
  ];

  test.each(queries)('gives the state at the beginning: %j', async ({ behind, ...query }) => {
    const { index = 0, iterator = ITERATOR.ALL, offset = 0 } = query;
    const key = behind === undefined ? (query.key ?? []) : [Number(space.select([], { offset: behind })[0]![0])];
    const wanted = space.select(key, { iterator: NAMES[iterator]!, index: index === 0 ? 'pk' : 'group', offset });
    expect(wanted.length).toBeGreaterThan(500);
    let round = 0;
    const rows = gather(open({ ...query, key }), () => change(++round));
    expect(round).toBeGreaterThan(5);
    expect(rows).toEqual(wanted);
    expect(openViews()).toBe(0);
    await vi.waitFor(() => expect(retired()).toBe(0), WAIT);
  });

  test('gives the state at the beginning when the space is truncated, or dropped, under way', async () => {
    const wanted = space.select();
    const selections = [open({}), open({})];
    let round = 0;
    const first = gather(selections[0]!, () => {
      if (++round === 3) space.truncate();
      if (round === 5) for (let id = 0; id < 2000; id++) space.insert([id, 7]);
    });
    expect(first).toEqual(wanted);
    expect(space.len()).toBe(2000);
    api.schema.dropSpace('rows');
    while (instance.storage.collectMemory(0));
    expect(gather(selections[1]!, () => undefined)).toEqual(wanted);
    await vi.waitFor(() => expect(retired()).toBe(0), WAIT);
  });
});

describe('a view', () => {
  test('is closed with a selection that is not gathered to its end', async () => {
    await start();
    fill('tree');
    const selection = open({});
    expect(selection.advance(new ByteWriter(STEP.bytes), STEP)).toBe(true);
    expect(openViews()).toBe(1);
    selection.close();
    selection.close();
    expect(openViews()).toBe(0);
  });

  test('is closed for each SELECT of a peer that goes away', async () => {
    await start({ listen: { host: '127.0.0.1', port: 0 }, trust: { kind: 'open' } });
    fill('tree');
    const [address] = instance.addresses;
    const peer = await RawConnection.open(address?.kind === 'tcp' ? address.port : 0);
    const request = requestPacket(REQUEST.select, 1, [
      [KEY.spaceId, 512],
      [KEY.iterator, ITERATOR.ALL],
      [KEY.limit, TUPLES],
      [KEY.key, []],
    ]);
    peer.send(Buffer.concat(Array.from({ length: 100 }, () => request)));
    await vi.waitFor(() => expect(openViews()).toBeGreaterThan(0), { ...WAIT, interval: 0 });
    peer.close();
    await vi.waitFor(() => expect(openViews()).toBe(0), WAIT);
  });

  test('that becomes too old is taken away, whether or not its reader goes on', async () => {
    await start();
    await instance.stop();
    await start({ readViewAgeMsMax: 0 });
    fill('tree');
    const selection = open({});
    await vi.waitFor(() => expect(openViews()).toBe(0), WAIT);
    expect(() => selection.advance(new ByteWriter(10), STEP)).toThrow(expect.objectContaining(ABORTED) as Error);
    space.insert([TUPLES, 0]);
    expect(gather(open({}), () => undefined).length).toBe(TUPLES + 1);
  });

  test('that keeps too much is taken away', async () => {
    await start({ readViewBytesMax: 100_000 });
    fill('tree');
    const selection = open({});
    for (let id = 0; id < 300; id++) space.replace([id, 0, PAYLOAD]);
    await vi.waitFor(() => expect(openViews()).toBe(0), WAIT);
    expect(() => selection.advance(new ByteWriter(10), STEP)).toThrow(expect.objectContaining(ABORTED) as Error);
  });

  test('is taken away before a writer is refused for want of memory', async () => {
    await start({ memtxMemoryBytes: 3 * 1024 * 1024 });
    fill('tree');
    const selection = open({});
    for (let id = 0; id < TUPLES; id++) {
      space.replace([id, 1, `${PAYLOAD}!`]);
      // What is replaced can be given back when the turn has ended.
      if (id % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(openViews()).toBe(0);
    expect(() => selection.advance(new ByteWriter(10), STEP)).toThrow(expect.objectContaining(ABORTED) as Error);
    expect(space.len()).toBe(TUPLES);
  });

  test('serves a view of the schema as well', async () => {
    await start();
    api.schema.createUser('first');
    const wanted = api.space(VIEW_OF_USERS).select();
    const selection = open({ spaceId: VIEW_OF_USERS });
    const output = new ByteWriter(10_000);
    expect(selection.advance(output, { tuples: 1, bytes: 1000 })).toBe(true);
    api.schema.createUser('second');
    api.schema.dropUser('first');
    while (selection.advance(output, STEP));
    expect(selection.count).toBe(wanted.length);
    expect(rowsIn(output)).toEqual(wanted);
  });
});

/** The time limit for code inside statements, under a clock that moves when code says so. */
import { beforeEach, describe, expect, test } from 'vitest';
import { BoxError, ERROR_TABLE } from '../../base/index.ts';
import { decodeArray, encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { AccessControl, SchemaAccess, UserRegistry } from '../access/index.ts';
import { Arena, NO_ADDRESS, ReadViews } from '../arena/index.ts';
import { bootstrapRows, Catalog, type FunctionRuntime, SYSTEM_SPACE } from '../catalog/index.ts';
import type { Space } from '../memtx/index.ts';
import { RecoveryJournal, TransactionManager } from '../txn/index.ts';
import { Box } from './box.ts';
import { CodeWatch } from './code-watch.ts';
import { resultBytes } from './selection.ts';

const UUID = '00000000-0000-0000-0000-000000000001';
const LIMIT_MS = 1000;
const SPACE = { id: 512, name: 'jobs' };
const OTHER = { id: 513, name: 'notes' };

function newMemory(): { arena: Arena; views: ReadViews } {
  const arena = new Arena(16 * 1024 * 1024);
  return { arena, views: new ReadViews(arena) };
}

class Fixture {
  readonly box: Box;
  nowMs = 0;
  looks = 0;
  /** What the key function takes. */
  keyMs = 0;

  constructor() {
    const clock = {
      monotonicMs: () => {
        this.looks++;
        return this.nowMs;
      },
    };
    const code = new CodeWatch(clock, LIMIT_MS);
    const functions: FunctionRuntime = {
      load: () => undefined,
      unload: () => undefined,
      compileKeyFunction: () => (tuple) => {
        return code.measure('key function', 'initials', () => {
          this.nowMs += this.keyMs;
          return encodeToBytes([decodeArray(tuple, 0)[1]!]);
        });
      },
    };
    const transactions = new TransactionManager(new RecoveryJournal(), () => {});
    const users = new UserRegistry({ kind: 'stored' });
    const catalog = new Catalog({
      userMemory: newMemory(),
      systemMemory: newMemory(),
      tupleBytesMax: 1000,
      ports: { access: new SchemaAccess(users), functions },
    });
    catalog.createSystemSpaces();
    const access = new AccessControl(catalog, { sha1: () => new Uint8Array(20) }, users);
    this.box = new Box(catalog, transactions, access, code);
    for (const { spaceId, tuple } of bootstrapRows(UUID, UUID)) {
      this.box.statements.insert(this.box.adminSession, spaceId, tuple, 0, tuple.length);
    }
    for (const { id, name } of [SPACE, OTHER]) {
      this.insert(SYSTEM_SPACE.space, [id, 1, name, 'memtx', 0, {}, []]);
      this.insert(SYSTEM_SPACE.index, [id, 0, 'pk', 'tree', { unique: true }, [[0, 'unsigned']]]);
    }
  }

  addFunctionalIndex(): void {
    const head = [
      1000,
      1,
      'initials',
      0,
      'LUA',
      'return {}',
      'function',
      [],
      'any',
      'none',
      'none',
      true,
      true,
      true,
      ['LUA'],
      {},
    ];
    this.insert(SYSTEM_SPACE.function, [...head, '', '', '']);
    const options = { unique: false, func: 1000 };
    this.insert(SYSTEM_SPACE.index, [SPACE.id, 1, 'by_initials', 'tree', options, [[0, 'string']]]);
    this.insert(SYSTEM_SPACE.functionIndex, [SPACE.id, 1, 1000]);
  }

  space({ id }: { id: number } = SPACE): Space {
    const space = this.box.catalog.space(id);
    if (space === undefined) throw new Error('there is no such space');
    return space;
  }

  insert(spaceId: number, tuple: Value): void {
    const bytes = encodeToBytes(tuple);
    this.box.statements.insert(this.box.adminSession, spaceId, bytes, 0, bytes.length);
  }

  rows({ id }: { id: number } = SPACE): Value[] {
    const { statements, adminSession } = this.box;
    const cursor = statements.select(adminSession, id, 0, 2, 0, encodeToBytes([]), 0);
    const rows: Value[] = [];
    for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) {
      rows.push(decodeArray(resultBytes(statements.selected, tuple), 0));
    }
    return rows;
  }

  /** An on_replace trigger that takes so long; its function is called `slow`. */
  addSlow(ms: number, on: { id: number } = SPACE): void {
    const slow = (): void => {
      this.nowMs += ms;
    };
    this.space(on).addTrigger(slow);
  }
}

function failureOf(action: () => void): BoxError {
  try {
    action();
  } catch (error) {
    if (error instanceof BoxError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

let fixture: Fixture;
const insert = (id: number): void => fixture.insert(SPACE.id, [id, 'x']);

beforeEach(() => {
  fixture = new Fixture();
});

test('an on_replace trigger: the statement fails with space, trigger and limit, and leaves nothing', () => {
  fixture.addSlow(LIMIT_MS + 500);
  const error = failureOf(() => insert(1));
  expect([error.code, error.previous?.code]).toEqual([ERROR_TABLE.PROC_LUA.code, ERROR_TABLE.TIMEOUT.code]);
  expect(error.message).toBe(
    "code inside a statement on space 'jobs' ran for 1500 ms, longer than the limit of 1000 ms: " +
      "on_replace trigger 'slow' took 1500 ms of it",
  );
  expect(fixture.rows()).toEqual([]);
});

test('the limit itself is not too long, and statements do not add up', () => {
  fixture.addSlow(LIMIT_MS);
  for (const id of [1, 2, 3]) insert(id);
  expect(fixture.rows()).toHaveLength(3);
});

test('a before_replace trigger, which has no name', () => {
  fixture.space().addBeforeTrigger(
    (() => (_space: Space, _old: Uint8Array | null, next: Uint8Array | null) => {
      fixture.nowMs += LIMIT_MS + 1;
      return next;
    })(),
  );
  expect(failureOf(() => insert(1)).message).toContain('a before_replace trigger without a name took 1001 ms of it');
  expect(fixture.rows()).toEqual([]);
});

test('all code of a statement counts together, and the longest is named', () => {
  fixture.addFunctionalIndex();
  fixture.keyMs = 450;
  fixture.addSlow(300);
  fixture.space().addBeforeTrigger(function early(_space, _old, next) {
    fixture.nowMs += 300;
    return next;
  });
  const { message } = failureOf(() => insert(1));
  expect(message).toContain("ran for 1050 ms, longer than the limit of 1000 ms: key function 'initials' took 450 ms");
  fixture.keyMs = 400;
  insert(2);
  expect(fixture.rows()).toEqual([[2, 'x']]);
});

test('undoing asks a key function again, however long it takes', () => {
  fixture.addFunctionalIndex();
  insert(1);
  fixture.keyMs = LIMIT_MS * 2;
  expect(failureOf(() => fixture.insert(SPACE.id, [2, 'y'])).message).toContain("key function 'initials'");
  fixture.keyMs = 0;
  insert(3);
  expect(fixture.rows()).toEqual([
    [1, 'x'],
    [3, 'x'],
  ]);
});

describe('nested statements', () => {
  test('their code counts for the statement that they follow', () => {
    fixture.addSlow(600, OTHER);
    let next = 0;
    fixture.space().addTrigger(function writesTwice() {
      for (let at = 0; at < 2; at++) fixture.insert(OTHER.id, [next++]);
    });
    const { message } = failureOf(() => insert(1));
    expect(message).toContain("on space 'jobs' ran for 1200 ms");
    expect(message).toContain("on_replace trigger 'writesTwice' took 1200 ms");
    expect([fixture.rows(), fixture.rows(OTHER)]).toEqual([[], []]);
  });

  test('one that takes too long fails by itself', () => {
    fixture.addSlow(LIMIT_MS + 1, OTHER);
    const messages: string[] = [];
    fixture.space().addTrigger(function catches() {
      messages.push(failureOf(() => fixture.insert(OTHER.id, [1])).message);
    });
    messages.push(failureOf(() => insert(1)).message);
    expect(messages[0]).toContain("on space 'notes' ran for 1001 ms");
    expect(messages[1]).toContain("on space 'jobs' ran for 1001 ms");
  });
});

test('a transaction goes on after such a failure', () => {
  fixture.addSlow(LIMIT_MS + 1);
  const { transactions } = fixture.box;
  transactions.begin();
  fixture.insert(OTHER.id, [1]);
  failureOf(() => insert(1));
  fixture.insert(OTHER.id, [2]);
  transactions.commit();
  expect([fixture.rows(), fixture.rows(OTHER)]).toEqual([[], [[1], [2]]]);
});

test('recovery knows no limit: what is in the log has happened', () => {
  fixture.addSlow(LIMIT_MS + 1);
  fixture.box.statements.isRecovering = true;
  insert(1);
  expect(fixture.rows()).toEqual([[1, 'x']]);
});

test('a statement without code does not look at the clock', () => {
  const { looks } = fixture;
  insert(1);
  expect(fixture.looks).toBe(looks);
});

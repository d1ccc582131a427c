import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoxError, boxError } from '../../base/index.ts';
import { decodeArray, encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { CatalogFixture } from './catalog-fixture.ts';
import { DDL_CASES } from './ddl-cases/index.ts';
import type { FunctionRuntime } from './ports.ts';
import { SYSTEM_SPACE as SYSTEM } from './system-space-ids.ts';

const SPACE = 600;

function withSpace(flags: Value = {}, format: Value = [], primaryType = 'tree'): CatalogFixture {
  const fixture = CatalogFixture.bootstrapped();
  fixture.run(() => {
    fixture.insert(SYSTEM.space, [SPACE, 1, 'a', 'memtx', 0, flags, format]);
    fixture.insert(SYSTEM.index, [SPACE, 0, 'pk', primaryType, {}, [[0, 'unsigned']]]);
  });
  fixture.settle();
  return fixture;
}

function fill(fixture: CatalogFixture, count: number): void {
  for (let key = 0; key < count; key++)
    fixture.run(() => fixture.insert(SPACE, [key, 'x'.repeat(key % 100), [key, key + 1]]));
  fixture.settle();
}

/** Statements of all cases: in any order most fail, and the rest must go together. */
const STEPS = DDL_CASES.flatMap(({ steps }) => steps).filter(([, spaceId]) => spaceId !== SYSTEM.collation);

function attempt(fixture: CatalogFixture, step: (typeof STEPS)[number]): void {
  try {
    fixture.run(() => {
      if (step[0] === 'insert') fixture.insert(step[1], step[2]);
      else if (step[0] === 'replace') fixture.replace(step[1], step[2]);
      else if (step[0] === 'update') fixture.update(step[1], step[2], step[3]);
      else fixture.delete(step[1], step[2]);
    });
  } catch (error) {
    if (!(error instanceof BoxError || error instanceof TypeError)) throw error;
  }
}

describe('undoing changes of the schema', () => {
  it('puts back what was there, after any changes that stayed', () => {
    const steps = fc.array(fc.constantFrom(...STEPS), { maxLength: 60 });
    fc.assert(
      fc.property(steps, steps, (settled, failed) => {
        const fixture = CatalogFixture.bootstrapped();
        for (const step of settled) attempt(fixture, step);
        fixture.settle();
        const before = fixture.describe();
        const version = fixture.catalog.schemaVersion;
        for (const step of failed) attempt(fixture, step);
        const reached = fixture.catalog.schemaVersion;
        fixture.settle(boxError('WAL_IO'));
        expect(fixture.describe()).toEqual(before);
        expect(fixture.catalog.schemaVersion).toBe(reached);
        expect(reached).toBeGreaterThanOrEqual(version);
        fixture.collectAll();
      }),
      { numRuns: 25 },
    );
  });
});

describe('memory', () => {
  it('of a dropped space comes back when that is durable, in slices', () => {
    const fixture = withSpace();
    fixture.run(() =>
      fixture.insert(SYSTEM.index, [
        SPACE,
        1,
        'multi',
        'tree',
        { unique: false },
        [{ field: 2, type: 'unsigned', path: '[*]' }],
      ]),
    );
    fill(fixture, 3000);
    fixture.collectAll();
    fixture.run(() => {
      fixture.delete(SYSTEM.index, [SPACE, 1]);
      fixture.delete(SYSTEM.index, [SPACE, 0]);
      fixture.delete(SYSTEM.space, [SPACE]);
    });
    const used = fixture.userCellBytes;
    expect(fixture.catalog.collectGarbage(100)).toBe(false);
    expect(fixture.userCellBytes).toBe(used);
    fixture.settle();
    let slices = 1;
    while (fixture.catalog.collectGarbage(100)) slices++;
    expect(slices).toBeGreaterThan(30);
    expect(fixture.userCellBytes).toBe(0);
  });

  it.each(['tree', 'hash'])('of a truncated space with a %s comes back, and the space goes on', (primaryType) => {
    const fixture = withSpace({}, [], primaryType);
    fill(fixture, 500);
    fixture.run(() => {
      fixture.insert(SYSTEM.truncate, [SPACE, 1]);
      fixture.replace(SYSTEM.truncate, [SPACE, 2]);
      fixture.insert(SPACE, [1]);
    });
    expect(fixture.space(SPACE).byteSize).toBe(2);
    fixture.settle();
    fixture.collectAll();
    expect(fixture.rows(fixture.space(SPACE))).toEqual(['9101']);
    const used = fixture.userCellBytes;
    fixture.run(() => fixture.delete(SPACE, [1]));
    fixture.run(() => fixture.delete(SYSTEM.index, [SPACE, 0]));
    fixture.settle();
    fixture.collectAll();
    expect(used).toBeGreaterThan(0);
    expect(fixture.userCellBytes).toBe(0);
  });

  it('that an open read view can see waits for it', () => {
    const fixture = withSpace();
    fill(fixture, 500);
    const { views } = fixture.space(SPACE).memory;
    const view = views.open();
    const snapshot = fixture.space(SPACE).index(0).freeze();
    fixture.run(() => {
      fixture.insert(SYSTEM.truncate, [SPACE, 1]);
      fixture.replace(SYSTEM.truncate, [SPACE, 2]);
    });
    fixture.settle();
    while (fixture.catalog.collectGarbage(100));
    let count = 0;
    while (snapshot.next() !== 0) count++;
    expect(count).toBe(500);
    views.close(view);
    fixture.collectAll();
    fixture.run(() => fixture.delete(SYSTEM.index, [SPACE, 0]));
    fixture.settle();
    fixture.collectAll();
    expect(fixture.userCellBytes).toBe(0);
  });
});

describe('several statements in a transaction', () => {
  it('may not read a space that has tuples, unless they come first', () => {
    const fixture = withSpace();
    fill(fixture, 3);
    const index = [SPACE, 1, 'sk', 'tree', {}, [[0, 'unsigned']]];
    const inSecondPlace = (statement: () => void) => (): void =>
      fixture.run(() => {
        fixture.insert(SYSTEM.space, [601, 1, 'b', 'memtx', 0, {}, []]);
        statement();
      });
    expect(inSecondPlace(() => fixture.insert(SYSTEM.index, index))).toThrow(
      'Can not perform index build in a multi-statement transaction',
    );
    expect(
      inSecondPlace(() => fixture.update(SYSTEM.space, [SPACE], [['=', 6, [{ name: 'id', type: 'unsigned' }]]])),
    ).not.toThrow();
    fixture.run(() => fixture.delete(SYSTEM.space, [601]));
    const format = [
      { name: 'id', type: 'unsigned' },
      { name: 's', type: 'string' },
    ];
    expect(inSecondPlace(() => fixture.update(SYSTEM.space, [SPACE], [['=', 6, format]]))).toThrow(
      'Can not perform space format check in a multi-statement transaction',
    );
    fixture.run(() => {
      fixture.insert(SYSTEM.index, index);
      fixture.insert(SYSTEM.space, [601, 1, 'b', 'memtx', 0, {}, []]);
    });
  });
});

describe('truncation of spaces that replicas do not have', () => {
  it.each([{ group_id: 1 }, { temporary: true }])('is a local row: %j', (flags) => {
    const fixture = withSpace(flags);
    fixture.transactions.begin();
    fixture.replace(SYSTEM.truncate, [SPACE, 1]);
    expect(fixture.transactions.redo.groupIds[0]).toBe(1);
    fixture.transactions.rollback();
  });
});

describe('rules that cannot be enforced', () => {
  it('mark their space by name while they are active', () => {
    const fixture = withSpace({}, [{ name: 'id', type: 'unsigned' }]);
    const { refusal } = fixture.space(SPACE);
    expect(refusal).toBeNull();
    fixture.run(() => fixture.insert(SYSTEM.check, [SPACE, 'ck', false, 'SQL', '"id" < 10', true]));
    expect(fixture.space(SPACE).refusal).toBe("Space 'a' with check constraint 'ck'");
    fixture.run(() => fixture.replace(SYSTEM.check, [SPACE, 'ck', false, 'SQL', '"id" < 10', false]));
    expect(fixture.space(SPACE).refusal).toBeNull();
    fixture.run(() => fixture.insert(SYSTEM.trigger, ['tr', SPACE, { sql: 'CREATE TRIGGER tr ...' }]));
    expect(fixture.space(SPACE).refusal).toBe("Space 'a' with SQL trigger 'tr'");
    fixture.run(() => fixture.delete(SYSTEM.trigger, ['tr']));
    expect(fixture.space(SPACE).refusal).toBeNull();
    fixture.run(() => fixture.insert(SYSTEM.space, [601, 1, 'v', 'memtx', 0, { view: true, sql: 'SELECT 1' }, []]));
    expect(fixture.space(601).refusal).toBe("View 'v'");
  });
});

describe('functional indexes', () => {
  const runtime: FunctionRuntime = {
    load: () => {},
    unload: () => {},
    compileKeyFunction: () => (tuple) => {
      const [id] = decodeArray(tuple, 0);
      return encodeToBytes([100 - Number(id)]);
    },
  };
  const body = 'function(t) return {100 - t[1]} end';
  const definition = [
    1000,
    1,
    'f',
    0,
    'LUA',
    body,
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
    '',
    '',
    '',
  ];
  const index = [SPACE, 1, 'fi', 'tree', { func: 1000 }, [[0, 'unsigned']]];

  it('order tuples by what the function gives', () => {
    const fixture = CatalogFixture.bootstrapped({ functions: runtime });
    fixture.run(() => {
      fixture.insert(SYSTEM.function, definition);
      fixture.insert(SYSTEM.space, [SPACE, 1, 'a', 'memtx', 0, {}, []]);
      fixture.insert(SYSTEM.index, [SPACE, 0, 'pk', 'tree', {}, [[0, 'unsigned']]]);
    });
    for (const id of [1, 2, 3]) fixture.run(() => fixture.insert(SPACE, [id]));
    fixture.run(() => {
      fixture.insert(SYSTEM.index, index);
      fixture.insert(SYSTEM.functionIndex, [SPACE, 1, 1000]);
    });
    expect(fixture.rows(fixture.space(SPACE), 1)).toEqual(['9103', '9102', '9101']);
    expect(() => fixture.run(() => fixture.delete(SYSTEM.function, [1000]))).toThrow('function has references');
  });

  it('are kept without service where nothing runs their function', () => {
    const fixture = CatalogFixture.bootstrapped({ functions: { ...runtime, compileKeyFunction: () => null } });
    fixture.run(() => {
      fixture.insert(SYSTEM.function, definition);
      fixture.insert(SYSTEM.space, [SPACE, 1, 'a', 'memtx', 0, {}, []]);
      fixture.insert(SYSTEM.index, [SPACE, 0, 'pk', 'tree', {}, [[0, 'unsigned']]]);
      fixture.insert(SYSTEM.index, index);
      fixture.insert(SYSTEM.functionIndex, [SPACE, 1, 1000]);
    });
    const dormant = "Space 'a' with functional index 'fi' and no key function 'f'";
    expect(fixture.space(SPACE).refusal).toBe(dormant);
    expect(() => fixture.rows(fixture.space(SPACE), 1)).toThrow(`${dormant} does not support reading that index`);
    expect(fixture.rows(fixture.space(SPACE))).toEqual([]);
    fixture.run(() => fixture.delete(SYSTEM.functionIndex, [SPACE, 1]));
    fixture.run(() => fixture.delete(SYSTEM.index, [SPACE, 1]));
    expect(fixture.space(SPACE).refusal).toBeNull();
  });

  it('wait for their function while a snapshot is being read', () => {
    const fixture = CatalogFixture.bootstrapped({ functions: runtime });
    fixture.run(() => {
      fixture.insert(SYSTEM.space, [SPACE, 1, 'a', 'memtx', 0, {}, []]);
      fixture.insert(SYSTEM.index, [SPACE, 0, 'pk', 'tree', {}, [[0, 'unsigned']]]);
      fixture.insert(SYSTEM.index, index);
    });
    fixture.run(() => fixture.insert(SYSTEM.function, definition));
    expect(() => fixture.rows(fixture.space(SPACE), 1)).toThrow(
      "Index 'fi' (TREE) of space 'a' (memtx) does not support",
    );
    const version = fixture.catalog.schemaVersion;
    fixture.run(() => fixture.insert(SYSTEM.functionIndex, [SPACE, 1, 1000]));
    expect(fixture.catalog.schemaVersion).toBe(version + 1);
    fixture.run(() => fixture.insert(SPACE, [1]));
    expect(fixture.rows(fixture.space(SPACE), 1)).toEqual(['9101']);
    fixture.run(() => fixture.delete(SYSTEM.functionIndex, [SPACE, 1]));
    expect(() => fixture.rows(fixture.space(SPACE), 1)).toThrow('does not support');
  });
});

describe('a sequence of a space', () => {
  it('goes on behind values that a transaction took and then gave up, and is in the snapshot as it is', () => {
    const fixture = withSpace();
    fixture.run(() => {
      fixture.insert(SYSTEM.sequence, [1, 1, 's', 1, 1, 1000, 1, 0, false]);
      fixture.insert(SYSTEM.spaceSequence, [SPACE, 1, false, 0, '']);
    });
    fixture.run(() => fixture.insert(SPACE, [null, 'a']));
    fixture.transactions.begin();
    fixture.insert(SPACE, [null, 'b']);
    fixture.transactions.rollback();
    fixture.run(() => fixture.insert(SPACE, [null, 'c']));
    expect(fixture.rows(fixture.space(SPACE))).toEqual(['9201a161', '9203a163']);
    expect([...fixture.catalog.sequenceDataRows()].map((row) => decodeArray(row, 0))).toEqual([[1, 3]]);
    expect(fixture.rows(fixture.space(SYSTEM.sequenceData))).toEqual([]);
  });
});

describe('rooms above', () => {
  it('may make sense of rows that the catalog does not look into', () => {
    const fixture = CatalogFixture.bootstrapped();
    const seen: (string | null)[] = [];
    fixture.catalog.registerHandler(SYSTEM.user, ({ oldRow, newRow }) => {
      seen.push(oldRow?.string(2) ?? null, newRow?.string(2) ?? null);
      if (newRow?.string(2) === 'bad') throw boxError('USER_EXISTS', 'bad');
    });
    fixture.run(() => fixture.insert(SYSTEM.user, [40, 1, 'bob', 'user', {}]));
    fixture.run(() => fixture.update(SYSTEM.user, [40], [['=', 2, 'rob']]));
    expect(seen).toEqual([null, 'bob', 'bob', 'rob']);
    expect(() => fixture.run(() => fixture.insert(SYSTEM.user, [41, 1, 'bad', 'user', {}]))).toThrow(
      "User 'bad' already exists",
    );
    expect(fixture.rows(fixture.space(SYSTEM.user))).toHaveLength(6);
  });

  it('are asked for rights before anything changes', () => {
    const asked: string[] = [];
    const fixture = CatalogFixture.bootstrapped({
      access: {
        check: (user, { type, id, name }, privilege) => {
          asked.push(`${user.userName} ${privilege} ${type} ${id} ${name}`);
          if (name === 'forbidden') throw boxError('ACCESS_DENIED', 'Create', type, name, user.userName);
        },
        checkSpaceWrite: () => {},
        checkSequenceUse: () => {},
      },
    });
    asked.length = 0;
    const version = fixture.catalog.schemaVersion;
    expect(() => fixture.run(() => fixture.insert(SYSTEM.space, [SPACE, 1, 'forbidden', 'memtx', 0, {}, []]))).toThrow(
      "Create access to space 'forbidden' is denied for user 'admin'",
    );
    expect(asked).toEqual(['admin create space 600 forbidden']);
    expect(fixture.catalog.schemaVersion).toBe(version);
    expect(fixture.catalog.spaceByName('forbidden')).toBeUndefined();
  });
});

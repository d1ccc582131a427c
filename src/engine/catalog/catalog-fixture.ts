/** What tests of the catalog share: an engine without a log, statements on system spaces as box makes them, and what is left in memory. */
import { type BoxError, ByteWriter, userId } from '../../base/index.ts';
import { encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { REQUEST_TYPE } from '../../codec/iproto/index.ts';
import { applyUpdate } from '../../tuple/index.ts';
import { type Address, Arena, NO_ADDRESS, ReadViews, tupleCopy, tuplePosition, tupleSlab } from '../arena/index.ts';
import { type DuplicateMode, ITERATOR } from '../indexes/index.ts';
import type { Space, SpaceMemory } from '../memtx/index.ts';
import { type Journal, TransactionManager } from '../txn/index.ts';
import { bootstrapRows } from './bootstrap/index.ts';
import { Catalog } from './catalog.ts';
import type { SystemChangeContext } from './change.ts';
import type { CatalogPorts } from './ports.ts';
import type { SpaceBuild } from './space-build.ts';

export const INSTANCE_UUID = '11111111-2222-4333-8444-555555555555';
export const REPLICASET_UUID = '99999999-8888-4777-8666-555555555555';

const MEMORY_BYTES = 256 * 1024 * 1024;
const ADMIN = { userId: userId(1), userName: 'admin', universe: 0xffffffff };

/** A log whose batches settle when the test says so. */
class ManualJournal implements Journal {
  readonly lastReplicaId = 0;
  readonly lastLsn = 0;
  onSettled: (error: BoxError | null) => void = () => {};
  isSubmitted = false;

  append(): void {}

  submit(): void {
    this.isSubmitted = true;
  }
}

export class CatalogFixture {
  readonly catalog: Catalog;
  readonly transactions: TransactionManager;
  readonly memories: readonly SpaceMemory[] = [newMemory(), newMemory()];
  readonly #journal = new ManualJournal();

  constructor(ports: Partial<CatalogPorts> = {}) {
    this.transactions = new TransactionManager(this.#journal, () => {});
    const [userMemory, systemMemory] = this.memories;
    this.catalog = new Catalog({ userMemory: userMemory!, systemMemory: systemMemory!, tupleBytesMax: 1 << 20, ports });
    this.catalog.createSystemSpaces();
  }

  /** With the rows of a new replica set. */
  static bootstrapped(ports: Partial<CatalogPorts> = {}): CatalogFixture {
    const fixture = new CatalogFixture(ports);
    for (const { spaceId, tuple } of bootstrapRows(INSTANCE_UUID, REPLICASET_UUID)) {
      fixture.run(() => fixture.putBytes(spaceId, 'insert', tuple));
    }
    fixture.settle();
    return fixture;
  }

  get context(): SystemChangeContext {
    return { user: ADMIN, transactions: this.transactions };
  }

  space(id: number): Space {
    const space = this.catalog.space(id);
    if (space === undefined) throw new TypeError(`no space ${id}`);
    return space;
  }

  /** One transaction: what fails in it undoes it. */
  run(statements: () => void): void {
    this.transactions.begin();
    try {
      statements();
    } catch (error) {
      this.transactions.rollback();
      throw error;
    }
    this.transactions.commit();
  }

  /** The batch of all that has been committed so far becomes durable, or fails. */
  settle(error: BoxError | null = null): void {
    this.transactions.flush();
    if (this.#journal.isSubmitted) this.#journal.onSettled(error);
    this.#journal.isSubmitted = false;
  }

  insert(spaceId: number, row: readonly Value[], prepared: SpaceBuild | null = null): void {
    this.putBytes(spaceId, 'insert', encodeToBytes(row), prepared);
  }

  replace(spaceId: number, row: readonly Value[], prepared: SpaceBuild | null = null): void {
    this.putBytes(spaceId, 'replaceOrInsert', encodeToBytes(row), prepared);
  }

  delete(spaceId: number, key: readonly Value[]): void {
    const space = this.space(spaceId);
    const tuple = this.find(space, key);
    if (tuple === NO_ADDRESS) throw new TypeError(`nothing to delete in ${space.name}`);
    space.replace(tuple, NO_ADDRESS, 'insert');
    this.#changed(space, tuple, NO_ADDRESS, REQUEST_TYPE.delete, null);
  }

  update(spaceId: number, key: readonly Value[], operations: readonly Value[]): void {
    const space = this.space(spaceId);
    const old = this.find(space, key);
    if (old === NO_ADDRESS) throw new TypeError(`nothing to update in ${space.name}`);
    const writer = new ByteWriter();
    const request = { bytes: encodeToBytes(operations), position: 0, indexBase: 0 };
    applyUpdate(writer, space.format, tupleSlab(space.arena, old), tuplePosition(old), request);
    const tuple = space.newTuple(writer.bytes, 0, writer.position);
    space.replace(old, tuple, 'replace');
    this.#changed(space, old, tuple, REQUEST_TYPE.update, null);
  }

  putBytes(spaceId: number, mode: DuplicateMode, bytes: Uint8Array, prepared: SpaceBuild | null = null): void {
    const space = this.space(spaceId);
    const filled = new ByteWriter();
    const isFilled = space.sequence !== null && this.catalog.fillGeneratedField(space, bytes, 0, bytes.length, filled);
    const tuple = isFilled ? space.newTuple(filled.bytes, 0, filled.position) : space.newTuple(bytes, 0, bytes.length);
    let old: Address;
    try {
      old = space.replace(NO_ADDRESS, tuple, mode);
    } catch (error) {
      space.freeTuple(tuple);
      throw error;
    }
    this.#changed(space, old, tuple, mode === 'insert' ? REQUEST_TYPE.insert : REQUEST_TYPE.replace, prepared);
  }

  #changed(space: Space, old: Address, tuple: Address, type: number, prepared: SpaceBuild | null): void {
    this.transactions.changed(space, old, tuple);
    const { redo } = this.transactions;
    redo.beginRow(type, space.definition.isLocal ? 1 : 0);
    redo.bodies.writeByte(0x80);
    redo.endRow();
    if (space.isSystem) this.catalog.systemChanged(space, old, tuple, { ...this.context, prepared });
  }

  find(space: Space, key: readonly Value[]): Address {
    const bytes = encodeToBytes(key);
    return space.index(0).find(bytes, 1, key.length);
  }

  /** Tuples of an index in its order, in hexadecimal. */
  rows(space: Space, indexId = 0): string[] {
    const cursor = space.index(indexId).openCursor(ITERATOR.ALL, new Uint8Array(0), 0, 0);
    const rows: string[] = [];
    for (let tuple = cursor.next(); tuple !== NO_ADDRESS; tuple = cursor.next()) {
      rows.push(toHex(tupleCopy(space.arena, tuple)));
    }
    return rows;
  }

  /** Everything of the catalog that can be seen, for comparing it before and after. */
  describe(): unknown {
    const { catalog } = this;
    return {
      replicasetUuid: catalog.replicasetUuid,
      spaces: [...catalog.spaces()]
        .sort((one, other) => one.id - other.id)
        .map((space) => {
          const details = catalog.details(space);
          return {
            definition: space.definition,
            fields: details.fields,
            byteSize: space.byteSize,
            sequence: space.sequence,
            refusal: space.refusal,
            constraints: [...details.constraints.keys()].sort((one, other) => (one < other ? -1 : 1)),
            byName: catalog.spaceByName(space.name) === space,
            format: [...space.format.masks, space.format.exactFieldCount, space.format.minFieldCount],
            indexes: space.indexes.map((index) =>
              index === null
                ? null
                : { definition: index.definition, rows: this.#indexRows(space, index.definition.id) },
            ),
          };
        }),
      functions: [...catalog.functions()].sort((one, other) => one.id - other.id),
      sequences: [...catalog.sequences()].map(({ definition, value, isGenerated }) => ({
        definition,
        value,
        isGenerated,
      })),
      collations: [...catalog.collations()].map(({ definition }) => definition),
    };
  }

  #indexRows(space: Space, indexId: number): string[] | null {
    if (space.definition.engine !== 'memtx') return null;
    try {
      return this.rows(space, indexId);
    } catch {
      return null;
    }
  }

  collectAll(): void {
    while (this.catalog.collectGarbage(100));
    for (const { views } of this.memories) while (views.freeSlice(100));
  }

  /** Bytes of the cells that user spaces have in use. */
  get userCellBytes(): number {
    return this.memories[0]!.arena.statistics().cellBytes;
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte]!;
  return text;
}

function newMemory(): SpaceMemory {
  const arena = new Arena(MEMORY_BYTES);
  return { arena, views: new ReadViews(arena) };
}

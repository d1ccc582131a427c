/**
 * The catalog: the schema, and what changing a row of a system space does to it.
 *
 * `box` executes a change of a system space like any other and then calls `systemChanged`, which makes the change of
 * the schema in the same step or throws; then box undoes the statement. Recovery and replication take the same way.
 */
import { type ByteWriter, type CollationId, defined, sameBytes } from '../../base/index.ts';
import { encodeToBytes } from '../../codec/msgpack/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSlab } from '../arena/index.ts';
import type { Space } from '../memtx/index.ts';
import { type Alteration, beginBuild, tuplesToRead } from './alteration.ts';
import { fillSequenceField } from './auto-increment.ts';
import type { SystemChange, SystemChangeContext, SystemChangeHandler } from './change.ts';
import type { Collation } from './collators.ts';
import type { FunctionDefinition } from './definitions/function-definition.ts';
import { SPACE_ID_FIELD } from './definitions/space-definition.ts';
import { clusterHandler, schemaHandler } from './handlers/cluster-handlers.ts';
import { collationHandler } from './handlers/collation-handler.ts';
import { checkHandler, foreignKeyHandler, triggerHandler } from './handlers/constraint-handlers.ts';
import { functionHandler } from './handlers/function-handler.ts';
import { functionIndexHandler } from './handlers/function-index-handler.ts';
import { indexHandler, planIndexAlteration } from './handlers/index-handler.ts';
import { sequenceDataHandler, sequenceHandler, sequenceObject } from './handlers/sequence-handlers.ts';
import { planSpaceAlteration, spaceHandler } from './handlers/space-handler.ts';
import { spaceSequenceHandler } from './handlers/space-sequence-handler.ts';
import { truncateHandler } from './handlers/truncate-handler.ts';
import { type CatalogPorts, DEFAULT_CATALOG_PORTS, type SchemaUser } from './ports.ts';
import { Schema, type SchemaOptions, type SpaceDetails } from './schema.ts';
import type { GivenValues } from './given-values.ts';
import type { Sequence } from './sequence.ts';
import type { SpaceBuild } from './space-build.ts';
import { baseOfView, SYSTEM_SPACE } from './system-space-ids.ts';
import { addFirstSpaces } from './system-spaces.ts';
import { TupleReader } from './tuple-reader.ts';

export type CatalogOptions = Omit<SchemaOptions, 'ports'> & Readonly<{ ports?: Partial<CatalogPorts> }>;

/** Spaces with fewer tuples are altered in the statement itself. */
const BUILD_TUPLES_MIN = 1000;

export class Catalog {
  readonly #schema: Schema;
  readonly #handlers: Map<number, SystemChangeHandler>;
  /** Set while something runs that is, or will be, repeated: where the values of sequences come from. */
  givenValues: GivenValues | null = null;
  readonly #takeValue = (sequence: Sequence): bigint => this.givenValues?.take(sequence) ?? sequence.next();

  constructor(options: CatalogOptions) {
    const schema = new Schema({ ...options, ports: { ...DEFAULT_CATALOG_PORTS, ...options.ports } });
    this.#schema = schema;
    this.#handlers = new Map<number, SystemChangeHandler>([
      [SYSTEM_SPACE.schema, schemaHandler(schema)],
      [SYSTEM_SPACE.collation, collationHandler(schema)],
      [SYSTEM_SPACE.space, spaceHandler(schema)],
      [SYSTEM_SPACE.index, indexHandler(schema)],
      [SYSTEM_SPACE.sequence, sequenceHandler(schema)],
      [SYSTEM_SPACE.sequenceData, sequenceDataHandler(schema)],
      [SYSTEM_SPACE.spaceSequence, spaceSequenceHandler(schema)],
      [SYSTEM_SPACE.function, functionHandler(schema)],
      [SYSTEM_SPACE.functionIndex, functionIndexHandler(schema)],
      [SYSTEM_SPACE.truncate, truncateHandler(schema)],
      [SYSTEM_SPACE.trigger, triggerHandler(schema)],
      [SYSTEM_SPACE.foreignKey, foreignKeyHandler(schema)],
      [SYSTEM_SPACE.check, checkHandler(schema)],
      [SYSTEM_SPACE.cluster, clusterHandler(schema)],
    ]);
  }

  /** Makes the spaces that rows need to be stored in. Called once, before the first row. */
  createSystemSpaces(): void {
    addFirstSpaces(this.#schema);
  }

  /** What responses carry: grows with each change of spaces and indexes, and never goes back. */
  get schemaVersion(): number {
    return this.#schema.version;
  }

  /** Calls back with each growth of `schemaVersion`, inside the change that makes it; takes the place of the last. */
  onSchemaVersion(callback: () => void): void {
    this.#schema.onVersion = callback;
  }

  /** Grows with every change of anything here, undoing included: who keeps something derived compares it. */
  get revision(): number {
    return this.#schema.revision;
  }

  /** Uuid of the replica set, '' until `_schema` says it. */
  get replicasetUuid(): string {
    return this.#schema.replicasetUuid;
  }

  space(id: number): Space | undefined {
    return this.#schema.spaces.get(id);
  }

  spaceByName(name: string): Space | undefined {
    return this.#schema.spacesByName.get(name);
  }

  spaces(): IterableIterator<Space> {
    return this.#schema.spaces.values();
  }

  /** Fields with collations and defaults, text of a view, constraints. */
  details(space: Space): SpaceDetails {
    return this.#schema.details(space);
  }

  function(id: number): FunctionDefinition | undefined {
    return this.#schema.functions.get(id);
  }

  functionByName(name: string): FunctionDefinition | undefined {
    return this.#schema.functionsByName.get(name);
  }

  functions(): IterableIterator<FunctionDefinition> {
    return this.#schema.functions.values();
  }

  sequence(id: number): Sequence | undefined {
    return this.#schema.sequences.get(id);
  }

  /** Takes the next value of a sequence, or the one that `givenValues` has. Throws SEQUENCE_OVERFLOW (147). */
  nextValue(sequence: Sequence): bigint {
    return this.#takeValue(sequence);
  }

  sequences(): IterableIterator<Sequence> {
    return this.#schema.sequences.values();
  }

  collation(id: CollationId | number): Collation | undefined {
    return this.#schema.collations.get(id);
  }

  collations(): IterableIterator<Collation> {
    return this.#schema.collations.values();
  }

  /** The space whose rows a view shows; null if the id is not that of a view. */
  sysviewBase(spaceId: number): Space | null {
    const base = baseOfView(spaceId);
    return base === null ? null : defined(this.#schema.spaces.get(base), 'space behind a view');
  }

  /** Lets another room make sense of a system space's rows, in place of what the catalog does with them. */
  registerHandler(spaceId: number, handler: SystemChangeHandler): void {
    this.#handlers.set(spaceId, handler);
  }

  /**
   * Makes the change of the schema that a change of a row means. Either tuple may be NO_ADDRESS. Throws what forbids
   * it; nothing but the row has changed then.
   */
  systemChanged(space: Space, oldTuple: Address, newTuple: Address, context: SystemChangeContext): void {
    const handler = this.#handlers.get(space.id);
    if (handler === undefined) return;
    const newRow = readerOf(space, newTuple);
    const prepared = this.#preparedFor(newRow, context.prepared ?? null);
    try {
      handler({ oldRow: readerOf(space, oldTuple), newRow, context: { ...context, prepared } });
    } catch (error) {
      if (prepared !== null) this.abandon(prepared);
      throw error;
    }
  }

  /** The build if it is for this row; one for another is given up. */
  #preparedFor(row: TupleReader | null, build: SpaceBuild | null): SpaceBuild | null {
    if (build === null || (row !== null && sameBytes(row.copy(), build.row))) return build;
    this.abandon(build);
    return null;
  }

  /**
   * Begins what a change of a row of `_space` or `_index` needs to read a large space for; null if it needs nothing, or
   * would fail anyway. Call `advance` of the result in slices until it returns false, then execute the statement with
   * it as `prepared`, and call `abandon` in any case. The space takes changes of data meanwhile, but none of its
   * definition.
   */
  prepareChange(
    space: Space,
    oldRow: Uint8Array | null,
    newRow: Uint8Array | null,
    context: SystemChangeContext,
  ): SpaceBuild | null {
    if (newRow === null) return null;
    const change: SystemChange = {
      oldRow: oldRow === null ? null : new TupleReader(oldRow, 0),
      newRow: new TupleReader(newRow, 0),
      context,
    };
    try {
      const alteration = this.#plan(space.id, change);
      if (alteration === null || tuplesToRead(this.#schema, alteration) < BUILD_TUPLES_MIN) return null;
      return beginBuild(this.#schema, alteration, newRow);
    } catch {
      // The statement itself will say what is wrong.
      return null;
    }
  }

  /** Gives up a build, unless a statement has used it up. */
  abandon(build: SpaceBuild): void {
    if (!build.release()) return;
    for (const index of build.indexes) this.#schema.garbage.addIndex(build.space.memory, index);
  }

  #plan(systemSpaceId: number, change: SystemChange): Alteration | null {
    if (systemSpaceId === SYSTEM_SPACE.index) return planIndexAlteration(this.#schema, change);
    if (systemSpaceId !== SYSTEM_SPACE.space) return null;
    const id = defined(change.newRow, 'new row').unsigned(SPACE_ID_FIELD);
    const space = this.#schema.spaces.get(id);
    return space === undefined ? null : planSpaceAlteration(this.#schema, space, change);
  }

  /** Frees up to about `count` tuples' worth of what schema changes left; true while there is more. */
  collectGarbage(count: number): boolean {
    return this.#schema.garbage.collect(count);
  }

  /**
   * For INSERT and REPLACE into a space with a sequence: true if the field that it fills was nil; the tuple with the
   * next value has been appended to `writer` then. Without `user` rights are not asked for, as for rows of the log.
   */
  fillGeneratedField(
    space: Space,
    bytes: Uint8Array,
    position: number,
    end: number,
    writer: ByteWriter,
    user: SchemaUser | null = null,
  ): boolean {
    const { attachment } = this.#schema.details(space);
    if (attachment === null) return false;
    const { sequence } = attachment;
    if (user !== null && !sequence.isGenerated) {
      this.#schema.ports.access.checkSequenceUse(user, sequenceObject(sequence));
    }
    if (space.primary === null) return false;
    return fillSequenceField(attachment, bytes, position, end, writer, this.#takeValue);
  }

  /**
   * Rows of `_sequence_data` for a snapshot: the values as they are now. The stored rows lag behind, because filling a
   * field writes none.
   */
  *sequenceDataRows(): IterableIterator<Uint8Array> {
    for (const { definition, value } of this.#schema.sequences.values()) {
      if (value !== null) yield encodeToBytes([definition.id, value]);
    }
  }
}

function readerOf(space: Space, tuple: Address): TupleReader | null {
  return tuple === NO_ADDRESS ? null : new TupleReader(tupleSlab(space.arena, tuple), tuplePosition(tuple));
}

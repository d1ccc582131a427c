/**
 * The schema as the rows of the system spaces say it: spaces, functions, sequences and collations, by id and by name.
 * Changed by handlers only, each of which registers how to undo what it did.
 * Invariants: (1) `version` never goes back, not even when a change is undone, as in Tarantool; (2) the maps by name
 * and by id hold the same objects.
 */
import { boxError } from '../../base/index.ts';
import { encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { LIMITS } from '../../config/index.ts';
import type { Collator, JsonPath } from '../../tuple/index.ts';
import { NO_ADDRESS } from '../arena/index.ts';
import { ITERATOR } from '../indexes/index.ts';
import type { Space, SpaceMemory } from '../memtx/index.ts';
import type { Collation } from './collators.ts';
import type { FunctionDefinition } from './definitions/function-definition.ts';
import type { SpaceField } from './definitions/space-format.ts';
import { Garbage } from './garbage.ts';
import type { CatalogPorts } from './ports.ts';
import type { Sequence } from './sequence.ts';

/** Names of constraints share one namespace in each space. */
export type ConstraintKind = 'PRIMARY KEY' | 'UNIQUE' | 'FOREIGN KEY' | 'CHECK';

export type CheckRule = Readonly<{ name: string; language: string; code: string; isEnabled: boolean }>;

export type ForeignKeyRule = Readonly<{ name: string; childId: number; parentId: number; parentIndexId: number }>;

/** Which field of a space a sequence fills. */
export type SequenceAttachment = Readonly<{ sequence: Sequence; fieldNo: number; path: JsonPath | null }>;

/** What the schema knows of a space beside what the space itself needs. */
export class SpaceDetails {
  fields: readonly SpaceField[];
  /** Text of a view. */
  sql: string | null;
  attachment: SequenceAttachment | null = null;
  readonly constraints = new Map<string, ConstraintKind>();
  readonly checks = new Map<string, CheckRule>();
  /** Foreign keys of this space, by name. */
  readonly foreignKeys = new Map<string, ForeignKeyRule>();
  /** Foreign keys of other spaces, or of its own, that lead here. */
  readonly references = new Set<ForeignKeyRule>();
  readonly triggers = new Set<string>();

  constructor(fields: readonly SpaceField[], sql: string | null) {
    this.fields = fields;
    this.sql = sql;
  }
}

export type SchemaOptions = Readonly<{
  userMemory: SpaceMemory;
  systemMemory: SpaceMemory;
  tupleBytesMax: number;
  ports: CatalogPorts;
}>;

export class Schema {
  readonly options: SchemaOptions;
  readonly ports: CatalogPorts;
  #version = 0;
  /** Told of each new version. */
  onVersion: () => void = () => undefined;
  /** Grows with every change of anything, undoing included: what is derived from the schema compares it. */
  revision = 0;
  readonly spaces = new Map<number, Space>();
  readonly spacesByName = new Map<string, Space>();
  readonly functions = new Map<number, FunctionDefinition>();
  readonly functionsByName = new Map<string, FunctionDefinition>();
  readonly sequences = new Map<number, Sequence>();
  readonly collations = new Map<number, Collation>();
  readonly garbage = new Garbage();
  /** '' until `_schema` says it. */
  replicasetUuid = '';
  readonly #details = new Map<number, SpaceDetails>();

  constructor(options: SchemaOptions) {
    this.options = options;
    this.ports = options.ports;
  }

  get version(): number {
    return this.#version;
  }

  set version(version: number) {
    this.#version = version;
    this.onVersion();
  }

  /** The space, or NO_SUCH_SPACE (36) with its id. */
  existingSpace(id: number): Space {
    const space = this.spaces.get(id);
    if (space === undefined) throw boxError('NO_SUCH_SPACE', id);
    return space;
  }

  details(space: Space): SpaceDetails {
    let details = this.#details.get(space.id);
    if (details === undefined) {
      details = new SpaceDetails([], null);
      this.#details.set(space.id, details);
    }
    return details;
  }

  addSpace(space: Space, details: SpaceDetails): void {
    this.spaces.set(space.id, space);
    this.spacesByName.set(space.name, space);
    this.#details.set(space.id, details);
    this.revision++;
  }

  removeSpace(space: Space): void {
    this.spaces.delete(space.id);
    this.spacesByName.delete(space.name);
    this.#details.delete(space.id);
    this.revision++;
  }

  /** Memory for a space of this id and name. */
  memoryFor(id: number, name: string): SpaceMemory {
    const isSystem = isSystemId(id) || this.ports.belongsToSystem(id, name);
    return isSystem ? this.options.systemMemory : this.options.userMemory;
  }

  /** What all instances of a group make alike cannot be bounded by an option of one of them. */
  tupleBytesMaxFor(id: number, name: string): number {
    return this.ports.belongsToSystem(id, name) ? LIMITS.tupleBytesMax : this.options.tupleBytesMax;
  }

  /** The order of a collation, null for that of bytes; undefined if there is no such collation. */
  collator(id: number): Collator | null | undefined {
    return this.collations.get(id)?.collator;
  }

  /** Whether a system space has a row with this key, which may be partial, in the index. */
  hasRow(spaceId: number, indexId: number, key: readonly Value[]): boolean {
    const index = this.spaces.get(spaceId)?.indexes[indexId] ?? null;
    if (index === null) return false;
    const bytes = encodeToBytes(key);
    return index.select(ITERATOR.EQ, bytes, 1, key.length).next() !== NO_ADDRESS;
  }
}

const SYSTEM_ID_MIN = 256;
const SYSTEM_ID_MAX = 511;

/** Whether an id is reserved for the schema's own spaces. */
export function isSystemId(id: number): boolean {
  return id > SYSTEM_ID_MIN && id < SYSTEM_ID_MAX;
}

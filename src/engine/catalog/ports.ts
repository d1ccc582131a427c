/** What the catalog needs of rooms above it; `instance` fills these in, tests take the defaults. */
import type { FunctionId, UserId } from '../../base/index.ts';
import type { Space } from '../memtx/index.ts';
import type { FunctionDefinition } from './definitions/function-definition.ts';

/** As whom a change of the schema is made. */
export interface SchemaUser {
  readonly userId: UserId;
  readonly userName: string;
  /** What the user may do with everything, as bits of `_priv.privilege`. */
  readonly universe: number;
}

export type SchemaObjectType = 'space' | 'function' | 'user' | 'role' | 'sequence' | 'collation';

export type SchemaObject = Readonly<{ type: SchemaObjectType; id: number; ownerId: number; name: string }>;

export type SchemaPrivilege = 'read' | 'write' | 'create' | 'drop' | 'alter';

/** Rights to change the schema. Each method throws ER_ACCESS_DENIED or returns. */
export interface DdlAccess {
  /** Owners may do what they like with their objects but create them; all others need the privilege. */
  check(user: SchemaUser, object: SchemaObject, privilege: SchemaPrivilege): void;
  /** Right to write to a space, which TRUNCATE needs. */
  checkSpaceWrite(user: SchemaUser, space: Space): void;
  /** Right to take values from a sequence that a space does not own. */
  checkSequenceUse(user: SchemaUser, sequence: SchemaObject): void;
}

/** Rights of an instance that has none to keep: everybody may do everything. */
export const OPEN_DDL_ACCESS: DdlAccess = {
  check: () => {},
  checkSpaceWrite: () => {},
  checkSequenceUse: () => {},
};

/**
 * What a functional index asks: from a tuple, a view that must not be kept, to what the function returned as one
 * MessagePack value, null for nothing. It may throw.
 */
export type RawKeyFunction = (tuple: Uint8Array) => Uint8Array | null;

/** Bodies of functions, in whatever languages are there. */
export interface FunctionRuntime {
  /** Compiles the body of a function that is being created; throws ER_LOAD_FUNCTION if it cannot. */
  load(definition: FunctionDefinition): void;
  /** Forgets a function that has been dropped. */
  unload(id: FunctionId): void;
  /**
   * The function that gives a functional index its keys. Without one it throws, or returns null if the index is to be
   * kept without service, as recovery needs it.
   */
  compileKeyFunction(definition: FunctionDefinition): RawKeyFunction | null;
}

/** The members of the replica set, for whom rows of `_cluster` stand. */
export interface ClusterMembers {
  /** Own id, 0 while there is none or the instance is joining; its row may not be changed. */
  readonly ownReplicaId: number;
  /** A row became durable. */
  registered(replicaId: number, uuid: string): void;
  /** The deletion of a row became durable. */
  unregistered(replicaId: number, uuid: string): void;
}

export type CatalogPorts = Readonly<{
  access: DdlAccess;
  functions: FunctionRuntime | null;
  cluster: ClusterMembers | null;
  /** Spaces beside those of the schema that have memory and limits of the system, not of users; picodata's Raft spaces do. */
  belongsToSystem: (spaceId: number, name: string) => boolean;
}>;

export const DEFAULT_CATALOG_PORTS: CatalogPorts = {
  access: OPEN_DDL_ACCESS,
  functions: null,
  cluster: null,
  belongsToSystem: () => false,
};

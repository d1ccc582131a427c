/** What requests take and give, and the part of them that concerns one space. */
import type { ArrayValue, IteratorName } from '../codec/iproto/index.ts';
import type { Value } from '../codec/msgpack/index.ts';
import type { NameOrId } from './remote-schema.ts';

export type RequestOptions = Readonly<{
  /** Until the answer has come; default is the connection's. */
  timeoutMs?: number;
}>;

export type IndexOptions = RequestOptions & Readonly<{ index?: NameOrId }>;

export type SelectOptions = IndexOptions &
  Readonly<{
    /** Default EQ, or ALL with an empty key. */
    iterator?: IteratorName;
    limit?: number;
    offset?: number;
  }>;

export type CallOptions = RequestOptions &
  Readonly<{
    /** Hears of each message that the function pushes before it returns. If it throws, the request fails with that. */
    onPush?: (message: Value) => void;
  }>;

export type Tuple = readonly Value[];

/** `[operator, field, ...arguments]`; a field is a name, a JSON path, or a number that counts from 0. */
export type UpdateOperation = readonly [operator: string, field: string | number, ...args: Value[]];

/** The requests on which typed spaces are built. */
export interface SpaceRequests {
  select(space: NameOrId, key: ArrayValue, options?: SelectOptions): Promise<Tuple[]>;
  get(space: NameOrId, key: ArrayValue, options?: IndexOptions): Promise<Tuple | null>;
  insert(space: NameOrId, tuple: ArrayValue, options?: RequestOptions): Promise<Tuple>;
  replace(space: NameOrId, tuple: ArrayValue, options?: RequestOptions): Promise<Tuple>;
  update(
    space: NameOrId,
    key: ArrayValue,
    operations: readonly UpdateOperation[],
    options?: IndexOptions,
  ): Promise<Tuple | null>;
  upsert(
    space: NameOrId,
    tuple: ArrayValue,
    operations: readonly UpdateOperation[],
    options?: RequestOptions,
  ): Promise<void>;
  delete(space: NameOrId, key: ArrayValue, options?: IndexOptions): Promise<Tuple | null>;
}

/** Keys and options that spaces and their indexes have in common. */
import type { SelectOptions, Tuple, UpdateOperation } from '../../client/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';

/** A key: its parts, or the one part of a key of one part. */
export type LocalKey = readonly Value[] | string | number | bigint | boolean;

export type LocalSelectOptions = Pick<SelectOptions, 'index' | 'iterator' | 'limit' | 'offset'>;
export type LocalIndexOptions = Pick<SelectOptions, 'index'>;

/** What a space does by an index that the options name; without one by its primary index. */
export interface IndexedMethods {
  len(options?: LocalIndexOptions): number;
  bsize(options?: LocalIndexOptions): number;
  get(key: LocalKey, options?: LocalIndexOptions): Tuple | null;
  select(key?: LocalKey, options?: LocalSelectOptions): Tuple[];
  pairs(key?: LocalKey, options?: LocalSelectOptions): Generator<Tuple>;
  count(key?: LocalKey, options?: Pick<LocalSelectOptions, 'index' | 'iterator'>): number;
  min(key?: LocalKey, options?: LocalIndexOptions): Tuple | null;
  max(key?: LocalKey, options?: LocalIndexOptions): Tuple | null;
  random(seed: number, options?: LocalIndexOptions): Tuple | null;
  update(key: LocalKey, operations: readonly UpdateOperation[], options?: LocalIndexOptions): Tuple | null;
  delete(key: LocalKey, options?: LocalIndexOptions): Tuple | null;
}

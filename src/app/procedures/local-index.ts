/** An index of a space as code inside the instance sees it: the space's own methods, by this index. */
import type { Tuple, UpdateOperation } from '../../client/index.ts';
import type { IndexedMethods, LocalKey, LocalSelectOptions } from './local-keys.ts';

type Options = Omit<LocalSelectOptions, 'index'>;

export class LocalIndex {
  readonly name: string;
  readonly #space: IndexedMethods;
  readonly #by: Readonly<{ index: string }>;

  /** Use `LocalSpace.index`. */
  constructor(space: IndexedMethods, name: string) {
    this.#space = space;
    this.name = name;
    this.#by = { index: name };
  }

  /** Entries; of a multikey index keys, not tuples. */
  len(): number {
    return this.#space.len(this.#by);
  }

  /** Bytes of the index's memory. */
  bsize(): number {
    return this.#space.bsize(this.#by);
  }

  get(key: LocalKey): Tuple | null {
    return this.#space.get(key, this.#by);
  }

  select(key: LocalKey = [], options: Options = {}): Tuple[] {
    return this.#space.select(key, { ...options, ...this.#by });
  }

  pairs(key: LocalKey = [], options: Options = {}): Generator<Tuple> {
    return this.#space.pairs(key, { ...options, ...this.#by });
  }

  count(key: LocalKey = [], options: Pick<Options, 'iterator'> = {}): number {
    return this.#space.count(key, { ...options, ...this.#by });
  }

  min(key: LocalKey = []): Tuple | null {
    return this.#space.min(key, this.#by);
  }

  max(key: LocalKey = []): Tuple | null {
    return this.#space.max(key, this.#by);
  }

  random(seed: number): Tuple | null {
    return this.#space.random(seed, this.#by);
  }

  update(key: LocalKey, operations: readonly UpdateOperation[]): Tuple | null {
    return this.#space.update(key, operations, this.#by);
  }

  delete(key: LocalKey): Tuple | null {
    return this.#space.delete(key, this.#by);
  }
}

/**
 * Indexes that hold nothing themselves.
 * A view's index reads that of the space it shows; what the reader may see is decided by whoever reads. An inactive
 * functional index waits for its function; a dormant one has a function that nothing here can run. The index of a service space only describes keys.
 */
import { boxError } from '../../base/index.ts';
import { type Address, NO_ADDRESS } from '../arena/index.ts';
import type { IndexCursor, IndexDefinition, IndexSnapshot, IteratorType, SpaceIndex } from '../indexes/index.ts';

const NOTHING: IndexCursor & IndexSnapshot = { size: 0, next: () => NO_ADDRESS };

/** What all of them share: no memory, no changes. */
abstract class StatelessIndex {
  definition: IndexDefinition;
  readonly byteSize = 0;

  constructor(definition: IndexDefinition) {
    this.definition = definition;
  }

  reserve(): boolean {
    return true;
  }

  replace(oldTuple: Address): Address {
    return oldTuple;
  }

  freeze(): IndexSnapshot {
    return NOTHING;
  }

  dismantle(): boolean {
    return false;
  }
}

/** Reads the index of the same id in another space, or nothing if there is no such index. */
export class ViewIndex extends StatelessIndex implements SpaceIndex {
  readonly #base: () => SpaceIndex | null;

  constructor(definition: IndexDefinition, base: () => SpaceIndex | null) {
    super(definition);
    this.#base = base;
  }

  get size(): number {
    return this.#base()?.size ?? 0;
  }

  get isOrdered(): boolean {
    return this.#base()?.isOrdered ?? true;
  }

  find(key: Uint8Array, keyPosition: number, partCount: number): Address {
    return this.#base()?.find(key, keyPosition, partCount) ?? NO_ADDRESS;
  }

  supports(iterator: IteratorType, partCount: number): boolean {
    return this.#base()?.supports(iterator, partCount) ?? true;
  }

  select(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    return this.#base()?.select(iterator, key, keyPosition, partCount) ?? NOTHING;
  }

  openCursor(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    return this.#base()?.openCursor(iterator, key, keyPosition, partCount) ?? NOTHING;
  }

  openFrozenCursor(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): IndexCursor {
    return this.#base()?.openFrozenCursor?.(iterator, key, keyPosition, partCount) ?? NOTHING;
  }

  random(seed: number): Address {
    return this.#base()?.random(seed) ?? NO_ADDRESS;
  }

  count(iterator: IteratorType, key: Uint8Array, keyPosition: number, partCount: number): number {
    return this.#base()?.count(iterator, key, keyPosition, partCount) ?? 0;
  }
}

/** A functional index without its function: it takes every tuple and finds none. */
export class InactiveIndex extends StatelessIndex implements SpaceIndex {
  readonly size = 0;
  readonly isOrdered = true;
  readonly #spaceName: () => string;

  constructor(definition: IndexDefinition, spaceName: () => string) {
    super(definition);
    this.#spaceName = spaceName;
  }

  find(): Address {
    throw this.#unsupported('get()');
  }

  supports(): boolean {
    return false;
  }

  select(): IndexCursor {
    throw this.#unsupported('read view');
  }

  openCursor(): IndexCursor {
    throw this.#unsupported('read view');
  }

  random(): Address {
    throw this.#unsupported('random()');
  }

  count(): number {
    throw this.#unsupported('count()');
  }

  #unsupported(feature: string): Error {
    const { name, type } = this.definition;
    return boxError('UNSUPPORTED_INDEX_FEATURE', name, type.toUpperCase(), this.#spaceName(), 'memtx', feature);
  }
}

/**
 * A functional index whose function nothing here can run: it takes every tuple that recovery brings, and refuses to be
 * read with the name of what is missing. Its space refuses changes, so the rows stay as who made the index left them.
 */
export class DormantIndex extends StatelessIndex implements SpaceIndex {
  readonly size = 0;
  readonly isOrdered = true;
  readonly #spaceName: () => string;
  readonly #functionName: string;

  constructor(definition: IndexDefinition, spaceName: () => string, functionName: string) {
    super(definition);
    this.#spaceName = spaceName;
    this.#functionName = functionName;
  }

  /** What its space refuses changes with. */
  get refusal(): string {
    const { name } = this.definition;
    return `Space '${this.#spaceName()}' with functional index '${name}' and no key function '${this.#functionName}'`;
  }

  find(): Address {
    throw this.#unsupported();
  }

  supports(): boolean {
    throw this.#unsupported();
  }

  select(): IndexCursor {
    throw this.#unsupported();
  }

  openCursor(): IndexCursor {
    throw this.#unsupported();
  }

  random(): Address {
    throw this.#unsupported();
  }

  count(): number {
    throw this.#unsupported();
  }

  #unsupported(): Error {
    return boxError('UNSUPPORTED', this.refusal, 'reading that index');
  }
}

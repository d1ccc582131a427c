/** A declared space inside the instance: rows are objects of the types that its definition gives. */
import {
  type IndexName,
  type KeyOf,
  type NewRow,
  type ObjectRow,
  type PartialKeyOf,
  RowCodec,
  type SpaceDefinition,
  type UpdateOperation,
} from '../../client/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';
import type { LocalKey, LocalSelectOptions } from './local-keys.ts';
import type { LocalSpace } from './local-space.ts';

type IndexOption<Index> = Readonly<{ index?: Index }>;

export class LocalTypedSpace<Definition extends SpaceDefinition> {
  readonly #space: LocalSpace;
  readonly #codec: RowCodec;

  constructor(definition: Definition, space: LocalSpace) {
    this.#space = space;
    this.#codec = new RowCodec(definition);
  }

  get length(): number {
    return this.#space.length;
  }

  get<Index extends IndexName<Definition> | undefined = undefined>(
    key: KeyOf<Definition, Index>,
    options: IndexOption<Index> = {},
  ): ObjectRow<Definition> | null {
    return this.#row(this.#space.get(key as LocalKey, indexOption(options.index)));
  }

  select<Index extends IndexName<Definition> | undefined = undefined>(
    key?: PartialKeyOf<Definition, Index>,
    options: IndexOption<Index> & Omit<LocalSelectOptions, 'index'> = {},
  ): ObjectRow<Definition>[] {
    const { index, ...rest } = options;
    const tuples = this.#space.select((key ?? []) as LocalKey, { ...rest, ...indexOption(index) });
    return tuples.map((tuple) => this.#codec.toObject(tuple) as ObjectRow<Definition>);
  }

  insert(row: NewRow<Definition>): ObjectRow<Definition> {
    return this.#codec.toObject(this.#space.insert(this.#codec.toTuple(row))) as ObjectRow<Definition>;
  }

  replace(row: NewRow<Definition>): ObjectRow<Definition> {
    return this.#codec.toObject(this.#space.replace(this.#codec.toTuple(row))) as ObjectRow<Definition>;
  }

  update<Index extends IndexName<Definition> | undefined = undefined>(
    key: KeyOf<Definition, Index>,
    operations: readonly (readonly [string, keyof Definition['fields'] & string, ...Value[]])[],
    options: IndexOption<Index> = {},
  ): ObjectRow<Definition> | null {
    return this.#row(
      this.#space.update(key as LocalKey, operations as readonly UpdateOperation[], indexOption(options.index)),
    );
  }

  delete<Index extends IndexName<Definition> | undefined = undefined>(
    key: KeyOf<Definition, Index>,
    options: IndexOption<Index> = {},
  ): ObjectRow<Definition> | null {
    return this.#row(this.#space.delete(key as LocalKey, indexOption(options.index)));
  }

  #row(tuple: readonly Value[] | null): ObjectRow<Definition> | null {
    return tuple === null ? null : (this.#codec.toObject(tuple) as ObjectRow<Definition>);
  }
}

function indexOption(index: string | undefined): { index?: string } {
  return index === undefined ? {} : { index };
}

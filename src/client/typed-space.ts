/** A space seen through its definition: keys, rows and results carry its types. */
import type { Value } from '../codec/msgpack/index.ts';
import type { RequestOptions, SelectOptions, SpaceRequests, Tuple, UpdateOperation } from './request-types.ts';
import {
  RowCodec,
  type IndexName,
  type KeyOf,
  type NewRow,
  type ObjectRow,
  type PartialKeyOf,
  type SpaceDefinition,
  type TupleRow,
} from './space-definition.ts';

type OnIndex<Index> = RequestOptions & Readonly<{ index?: Index }>;
type TypedSelectOptions<Index> = Omit<SelectOptions, 'index'> & Readonly<{ index?: Index }>;

/** `[operator, field, ...arguments]` with the operators of UPDATE. */
export type TypedOperation<Definition extends SpaceDefinition> = readonly [
  operator: '=' | '!' | '#' | '+' | '-' | '&' | '|' | '^' | ':',
  field: keyof Definition['fields'] & string,
  ...args: Value[],
];

export class TypedSpace<Definition extends SpaceDefinition, Row> {
  readonly definition: Definition;
  readonly #requests: SpaceRequests;
  readonly #codec: RowCodec;
  readonly #toRow: (tuple: Tuple) => Row;

  private constructor(requests: SpaceRequests, definition: Definition, codec: RowCodec, toRow: (tuple: Tuple) => Row) {
    this.#requests = requests;
    this.definition = definition;
    this.#codec = codec;
    this.#toRow = toRow;
  }

  /** Use `Connection.space`. */
  static ofObjects<Definition extends SpaceDefinition>(
    requests: SpaceRequests,
    definition: Definition,
  ): TypedSpace<Definition, ObjectRow<Definition>> {
    const codec = new RowCodec(definition);
    return new TypedSpace(requests, definition, codec, (tuple) => codec.toObject(tuple) as ObjectRow<Definition>);
  }

  /** The same space with rows as arrays. */
  asTuples(): TypedSpace<Definition, TupleRow<Definition>> {
    const codec = this.#codec;
    return new TypedSpace(
      this.#requests,
      this.definition,
      codec,
      (tuple) => codec.toTypedTuple(tuple) as TupleRow<Definition>,
    );
  }

  /** The row of a full key, null if there is none. */
  async get<Index extends IndexName<Definition> | undefined = undefined>(
    key: KeyOf<Definition, Index>,
    options?: OnIndex<Index>,
  ): Promise<Row | null> {
    return this.#rowOrNull(await this.#requests.get(this.definition.name, asKey(key), untyped(options)));
  }

  /** The rows that the iterator finds for a key, which may leave out its last parts. */
  async select<Index extends IndexName<Definition> | undefined = undefined>(
    key: PartialKeyOf<Definition, Index>,
    options?: TypedSelectOptions<Index>,
  ): Promise<Row[]> {
    const tuples = await this.#requests.select(this.definition.name, asKey(key), untyped(options));
    return tuples.map(this.#toRow);
  }

  async insert(row: NewRow<Definition>, options?: RequestOptions): Promise<Row> {
    return this.#toRow(await this.#requests.insert(this.definition.name, this.#codec.toTuple(row), options));
  }

  async replace(row: NewRow<Definition>, options?: RequestOptions): Promise<Row> {
    return this.#toRow(await this.#requests.replace(this.definition.name, this.#codec.toTuple(row), options));
  }

  /** The row after the operations, null if no row has the key. */
  async update<Index extends IndexName<Definition> | undefined = undefined>(
    key: KeyOf<Definition, Index>,
    operations: readonly TypedOperation<Definition>[],
    options?: OnIndex<Index>,
  ): Promise<Row | null> {
    const tuple = await this.#requests.update(
      this.definition.name,
      asKey(key),
      this.#toOperations(operations),
      untyped(options),
    );
    return this.#rowOrNull(tuple);
  }

  async upsert(
    row: NewRow<Definition>,
    operations: readonly TypedOperation<Definition>[],
    options?: RequestOptions,
  ): Promise<void> {
    await this.#requests.upsert(
      this.definition.name,
      this.#codec.toTuple(row),
      this.#toOperations(operations),
      options,
    );
  }

  /** The row deleted, null if no row has the key. */
  async delete<Index extends IndexName<Definition> | undefined = undefined>(
    key: KeyOf<Definition, Index>,
    options?: OnIndex<Index>,
  ): Promise<Row | null> {
    return this.#rowOrNull(await this.#requests.delete(this.definition.name, asKey(key), untyped(options)));
  }

  #rowOrNull(tuple: Tuple | null): Row | null {
    return tuple === null ? null : this.#toRow(tuple);
  }

  /** Fields by number, so that they are found even where the server's space has no format. */
  #toOperations(operations: readonly TypedOperation<Definition>[]): UpdateOperation[] {
    return operations.map(([operator, field, ...args]) => {
      const takesFieldValue = operator === '=' || operator === '!' || operator === '+' || operator === '-';
      const wire = takesFieldValue ? args.map((value) => this.#codec.toField(field, value)) : args;
      return [operator, this.#codec.fieldNumber(field), ...wire];
    });
  }
}

/** The key types are made of field values, which are all encodable. */
function asKey(key: readonly unknown[]): readonly Value[] {
  return key as readonly Value[];
}

/** The options without the type of the index name. */
function untyped<Index extends string | undefined>(
  options: (SelectOptions & Readonly<{ index?: Index }>) | TypedSelectOptions<Index> | undefined,
): SelectOptions {
  if (options === undefined) return {};
  const { index, ...rest } = options;
  return index === undefined ? rest : { ...rest, index };
}

/**
 * Spaces as a program declares them, and the types that follow for keys and rows. Nothing here asks the server: the
 * definition says what the program expects of a space, in the order of its fields.
 */
import { boxError } from '../base/index.ts';
import { DoubleValue, type ExtensionTypes, type Value } from '../codec/msgpack/index.ts';

/** The values of each field type. Integers are numbers unless the field says `bigint`. */
type ValueOfType = {
  any: Value;
  unsigned: number;
  integer: number;
  double: number;
  number: number | bigint | ExtensionTypes;
  string: string;
  boolean: boolean;
  varbinary: Uint8Array;
  scalar: Value;
  decimal: ExtensionTypes;
  uuid: ExtensionTypes;
  datetime: ExtensionTypes;
  interval: ExtensionTypes;
  array: readonly Value[];
  map: { readonly [key: string]: Value };
};

export type FieldTypeName = keyof ValueOfType;

export type FieldDefinition =
  | FieldTypeName
  | Readonly<{
      type: FieldTypeName;
      nullable?: boolean;
      /** Of `unsigned` and `integer`: values are bigints. Without it a value beyond 2^53 is an error. */
      bigint?: boolean;
    }>;

export type SpaceDefinition = Readonly<{
  name: string;
  /** In the order of the tuple. */
  fields: Readonly<Record<string, FieldDefinition>>;
  /** The fields of the primary key. */
  primary: readonly string[];
  /** The fields of each secondary index, by its name. */
  indexes: Readonly<Record<string, readonly string[]>>;
}>;

type TypeOf<Field> = Field extends FieldTypeName ? Field : Field extends { type: infer Type } ? Type : never;
type BaseValue<Field> = Field extends { bigint: true } ? bigint : ValueOfType[TypeOf<Field> & FieldTypeName];

/** What a field holds. */
export type FieldValue<Field> = Field extends { nullable: true } ? BaseValue<Field> | null : BaseValue<Field>;

type NullableNames<Fields> = {
  [Name in keyof Fields]: Fields[Name] extends { nullable: true } ? Name : never;
}[keyof Fields];

/** A row as an object. */
export type ObjectRow<Definition extends SpaceDefinition> = {
  readonly [Name in keyof Definition['fields']]: FieldValue<Definition['fields'][Name]>;
};

/** A row to be written: nullable fields may be left out. */
export type NewRow<Definition extends SpaceDefinition> = {
  readonly [Name in Exclude<keyof Definition['fields'], NullableNames<Definition['fields']>>]: FieldValue<
    Definition['fields'][Name]
  >;
} & {
  readonly [Name in NullableNames<Definition['fields']>]?: FieldValue<Definition['fields'][Name]> | undefined;
};

/** A row as an array in the order of the fields, with what the server has after them. */
export type TupleRow<Definition extends SpaceDefinition> = readonly (
  FieldValue<Definition['fields'][keyof Definition['fields']]> | Value
)[];

type PartValues<Definition extends SpaceDefinition, Parts extends readonly string[]> = {
  readonly [Part in keyof Parts]: Parts[Part] extends keyof Definition['fields']
    ? BaseValue<Definition['fields'][Parts[Part]]>
    : never;
};

type PrefixOf<List extends readonly unknown[]> = List extends readonly [...infer Head, unknown]
  ? List | PrefixOf<readonly [...Head]>
  : List;

export type IndexName<Definition extends SpaceDefinition> = keyof Definition['indexes'] & string;

/** The full key of an index; of the primary one if `Index` is undefined. */
export type KeyOf<Definition extends SpaceDefinition, Index extends IndexName<Definition> | undefined> = PartValues<
  Definition,
  Index extends IndexName<Definition> ? Definition['indexes'][Index] : Definition['primary']
>;

/** A key that may leave out its last parts. */
export type PartialKeyOf<
  Definition extends SpaceDefinition,
  Index extends IndexName<Definition> | undefined,
> = PrefixOf<KeyOf<Definition, Index>>;

/**
 * Declares a space: `defineSpace({ name: 'users', fields: { id: 'unsigned', name: 'string' }, primary: ['id'] })`.
 * Throws ILLEGAL_PARAMS for field names that look like numbers, because objects do not keep their order.
 */
export function defineSpace<
  const Fields extends Readonly<Record<string, FieldDefinition>>,
  const Primary extends readonly (keyof Fields & string)[],
  const Indexes extends Readonly<Record<string, readonly (keyof Fields & string)[]>> = Readonly<Record<never, never>>,
>(
  definition: Readonly<{ name: string; fields: Fields; primary: Primary; indexes?: Indexes }>,
): Readonly<{ name: string; fields: Fields; primary: Primary; indexes: Indexes }> {
  const { name, fields, primary, indexes } = definition;
  for (const field of Object.keys(fields)) {
    if (/^\d+$/.test(field)) throw boxError('ILLEGAL_PARAMS', `field name '${field}' of space '${name}' is a number`);
  }
  return { name, fields, primary, indexes: indexes ?? ({} as Indexes) };
}

type FieldCodec = Readonly<{ name: string; type: FieldTypeName; isBigint: boolean }>;

/** Translates between a program's rows and the server's tuples. */
export class RowCodec {
  readonly #spaceName: string;
  readonly #fields: readonly FieldCodec[];
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(definition: SpaceDefinition) {
    this.#spaceName = definition.name;
    this.#fields = Object.entries(definition.fields).map(([name, field]) =>
      typeof field === 'string'
        ? { name, type: field, isBigint: false }
        : { name, type: field.type, isBigint: field.bigint === true },
    );
    this.#numbers = new Map(this.#fields.map((field, number) => [field.name, number]));
  }

  /** Position of the field in the tuple, counted from 0. Throws NO_SUCH_FIELD_NAME_IN_SPACE. */
  fieldNumber(name: string): number {
    const number = this.#numbers.get(name);
    if (number === undefined) throw boxError('NO_SUCH_FIELD_NAME_IN_SPACE', name, this.#spaceName);
    return number;
  }

  /** Throws NO_SUCH_FIELD_NAME_IN_SPACE for a property that is no field. */
  toTuple(row: Readonly<Record<string, unknown>>): Value[] {
    for (const name of Object.keys(row)) this.fieldNumber(name);
    return this.#fields.map((field) => toWire(field.type, row[field.name] as Value));
  }

  /** A value as the field takes it on the wire. */
  toField(name: string, value: Value): Value {
    const field = this.#fields[this.fieldNumber(name)];
    return field === undefined ? value : toWire(field.type, value);
  }

  toObject(tuple: readonly Value[]): Record<string, Value> {
    const row: Record<string, Value> = {};
    this.#fields.forEach((field, number) => {
      row[field.name] = this.#fromWire(field, tuple[number]);
    });
    return row;
  }

  /** The tuple with each declared field as its type says. */
  toTypedTuple(tuple: readonly Value[]): Value[] {
    return tuple.map((value, number) => {
      const field = this.#fields[number];
      return field === undefined ? value : this.#fromWire(field, value);
    });
  }

  #fromWire(field: FieldCodec, value: Value): Value {
    if (value === undefined || value === null) return null;
    if (field.isBigint) return typeof value === 'number' ? BigInt(value) : value;
    if (typeof value === 'bigint' && (field.type === 'unsigned' || field.type === 'integer')) {
      const advice = `declare it with bigint: true`;
      throw boxError(
        'ILLEGAL_PARAMS',
        `field '${field.name}' of space '${this.#spaceName}' is ${value}, which a number cannot hold: ${advice}`,
      );
    }
    return value;
  }
}

/** A field of type double takes no integers. */
function toWire(type: FieldTypeName, value: Value): Value {
  return type === 'double' && typeof value === 'number' ? new DoubleValue(value) : value;
}

/** Options of json, yaml and msgpack: each library has its own set, `new` makes another, a call may have its own. */
import { typeError } from '../runtime/arguments.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { toNumber, typeOf } from '../runtime/types.ts';
import { isTrue, type LuaValue, NO_VALUES, plainFunction } from '../runtime/values.ts';

export type SerializerOptions = {
  encodeSparseConvert: boolean;
  /** An array is sparse with more than so many places for each value; 0 for never. */
  encodeSparseRatio: number;
  /** Arrays up to that length are never sparse. */
  encodeSparseSafe: number;
  encodeMaxDepth: number;
  encodeDeepAsNil: boolean;
  encodeInvalidNumbers: boolean;
  /** Significant digits of a fraction. */
  encodeNumberPrecision: number;
  encodeLoadMetatables: boolean;
  encodeUseTostring: boolean;
  encodeInvalidAsNil: boolean;
  decodeInvalidNumbers: boolean;
  decodeSaveMetatables: boolean;
  decodeMaxDepth: number;
};

export const DEFAULT_SERIALIZER_OPTIONS: Readonly<SerializerOptions> = {
  encodeSparseConvert: true,
  encodeSparseRatio: 2,
  encodeSparseSafe: 10,
  encodeMaxDepth: 128,
  encodeDeepAsNil: false,
  encodeInvalidNumbers: true,
  encodeNumberPrecision: 14,
  encodeLoadMetatables: true,
  encodeUseTostring: false,
  encodeInvalidAsNil: false,
  decodeInvalidNumbers: true,
  decodeSaveMetatables: true,
  decodeMaxDepth: 128,
};

type FlagName = {
  [Name in keyof SerializerOptions]: SerializerOptions[Name] extends boolean ? Name : never;
}[keyof SerializerOptions];
type CountName = Exclude<keyof SerializerOptions, FlagName>;

const FLAGS: readonly (readonly [string, FlagName])[] = [
  ['encode_sparse_convert', 'encodeSparseConvert'],
  ['encode_deep_as_nil', 'encodeDeepAsNil'],
  ['encode_invalid_numbers', 'encodeInvalidNumbers'],
  ['encode_load_metatables', 'encodeLoadMetatables'],
  ['encode_use_tostring', 'encodeUseTostring'],
  ['encode_invalid_as_nil', 'encodeInvalidAsNil'],
  ['decode_invalid_numbers', 'decodeInvalidNumbers'],
  ['decode_save_metatables', 'decodeSaveMetatables'],
];
const COUNTS: readonly (readonly [string, CountName])[] = [
  ['encode_sparse_ratio', 'encodeSparseRatio'],
  ['encode_sparse_safe', 'encodeSparseSafe'],
  ['encode_max_depth', 'encodeMaxDepth'],
  ['encode_number_precision', 'encodeNumberPrecision'],
  ['decode_max_depth', 'decodeMaxDepth'],
];

/** Sets what the table names; the rest keeps its value, unknown names are ignored. */
function assignOptions(options: SerializerOptions, table: LuaTable): void {
  for (const [name, field] of FLAGS) {
    const value = table.getString(name);
    if (value !== undefined) options[field] = isTrue(value);
  }
  for (const [name, field] of COUNTS) {
    const value = table.getString(name);
    if (value !== undefined) options[field] = Math.trunc(toNumber(value) ?? 0);
  }
}

/** The options of one call: those of the library, and what its last argument says. */
export function callOptions(options: Readonly<SerializerOptions>, argument: LuaValue): Readonly<SerializerOptions> {
  if (argument === undefined) return options;
  if (!(argument instanceof LuaTable)) throw runtimeError(`attempt to index a ${typeOf(argument)} value`);
  const own = { ...options };
  assignOptions(own, argument);
  return own;
}

/** The field `cfg` of a library: a table that shows the options, and a function that sets them. */
export function createConfiguration(options: SerializerOptions): LuaTable {
  const configuration = new LuaTable();
  for (const [name, field] of FLAGS) configuration.setString(name, options[field]);
  for (const [name, field] of COUNTS) configuration.setString(name, options[field]);
  configuration.metatable = new LuaTable();
  configuration.metatable.setString(
    '__call',
    plainFunction((...values) => {
      const argument = values[1];
      if (!(argument instanceof LuaTable)) throw typeError(argument, 2, 'table', values.length < 2);
      assignOptions(options, argument);
      // The table shows what was given, whatever it was taken for.
      for (const [name] of [...FLAGS, ...COUNTS]) {
        const value = argument.getString(name);
        if (value !== undefined) configuration.setString(name, value);
      }
      return NO_VALUES;
    }),
  );
  return configuration;
}

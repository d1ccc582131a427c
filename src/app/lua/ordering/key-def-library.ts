/** The library `key_def`: what a key is, told apart from any space; names, results and errors are those of 2.6.0. */
import type { Catalog } from '../../../engine/catalog/index.ts';
import {
  keyDef,
  type KeyPart,
  keyPartCount,
  keyPartsPosition,
  mergeKeyDefs,
  validatePartialKey,
  writeKey,
} from '../../../tuple/index.ts';
import type { BoxFoundation } from '../box/foundation.ts';
import type { LuaTuple } from '../box/tuple/lua-tuple.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { type LuaFunction, type LuaValue, plainFunction } from '../runtime/values.ts';
import { placelessError } from '../values/builtin-error.ts';
import { KeyDefinition } from './key-definition.ts';
import { readKeyPart } from './key-parts.ts';
import { arrayOf, illegalParams, tupleOf } from './tuples.ts';

const NEW_USAGE =
  'Bad params, use: key_def.new({{fieldno = fieldno, type = type[, is_nullable = <boolean>][, path = <string>]' +
  '[, collation_id = <number>][, collation = <string>]}, ...}';

const EMPTY = 'Key definition can only be constructed by using at least 1 key_part';

type Methods = Map<string, LuaFunction>;

/** `catalog`: null before there is a database. */
export function createKeyDefLibrary(foundation: BoxFoundation, catalog: () => Catalog | null): LuaTable {
  const methods: Methods = new Map();
  const functions = {
    new: plainFunction((...values) => newKeyDefinition(methods, catalog(), values)),
    ...keyDefFunctions(foundation, methods),
  };
  for (const [name, code] of Object.entries(functions)) methods.set(name, code);
  return tableOf(functions);
}

function newKeyDefinition(methods: Methods, catalog: Catalog | null, values: readonly LuaValue[]): KeyDefinition {
  const [given] = values;
  if (values.length !== 1 || !(given instanceof LuaTable)) throw placelessError(NEW_USAGE);
  const parts = given.array.map((part, index) => readKeyPart(catalog, part, index));
  if (parts.length === 0) throw illegalParams(EMPTY);
  const collations = new Map<KeyPart, string>();
  for (const { part, collationName } of parts) if (collationName !== null) collations.set(part, collationName);
  return new KeyDefinition(keyDef(parts.map(({ part }) => part)), collations, methods);
}

function keyDefFunctions(foundation: BoxFoundation, methods: Methods): Record<string, LuaFunction> {
  /** A tuple that has such a key. */
  const keyed = (self: KeyDefinition, value: LuaValue): LuaTuple => {
    const tuple = tupleOf(foundation, value);
    self.check(tuple);
    return tuple;
  };
  return {
    extract_key: plainFunction((...values) => {
      const [self, value] = argumentsOf(values, 2, 'extract_key(tuple)');
      return extractKey(foundation, self, keyed(self, value));
    }),
    compare: plainFunction((...values) => {
      const [self, first, second] = argumentsOf(values, 3, 'compare(tuple_a, tuple_b)');
      const [one, other] = [keyed(self, first), keyed(self, second)];
      return Math.sign(self.comparator.compareTuples(one.bytes, one.start, other.bytes, other.start));
    }),
    compare_with_key: plainFunction((...values) => {
      const [self, value, given] = argumentsOf(values, 3, 'compare_with_key(tuple, key)');
      const tuple = keyed(self, value);
      const key = arrayOf(foundation, given);
      const count = keyPartCount(key.bytes, key.start);
      const start = keyPartsPosition(key.bytes, key.start);
      validatePartialKey(self.definition, key.bytes, start, count);
      return Math.sign(self.comparator.compareTupleWithKey(tuple.bytes, tuple.start, key.bytes, start, count));
    }),
    merge: plainFunction((...values) => {
      const [self, other] = argumentsOf(values, 2, 'merge(second_key_def)');
      if (!(other instanceof KeyDefinition)) throw usage('merge(second_key_def)');
      const collations = new Map([...self.collations, ...other.collations]);
      return new KeyDefinition(mergeKeyDefs(self.definition, other.definition), collations, methods);
    }),
    totable: plainFunction((...values) => argumentsOf(values, 1, 'totable()')[0].toTable()),
  };
}

function extractKey(foundation: BoxFoundation, { definition }: KeyDefinition, tuple: LuaTuple): LuaTuple {
  const writer = foundation.borrow();
  try {
    writeKey(writer, definition, tuple.bytes, tuple.start);
    return foundation.factory.copy(writer.bytes, 0, writer.position, null);
  } finally {
    foundation.giveBack(writer);
  }
}

/** The definition and the values behind it. */
function argumentsOf(
  values: readonly LuaValue[],
  count: number,
  form: string,
): readonly [KeyDefinition, ...LuaValue[]] {
  const [self, ...rest] = values;
  if (!(self instanceof KeyDefinition) || values.length !== count) throw usage(form);
  return [self, ...rest];
}

function usage(form: string): Error {
  return placelessError(`Usage: key_def:${form}`);
}

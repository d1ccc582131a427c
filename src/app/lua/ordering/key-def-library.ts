/** The library `key_def`: what a key is, told apart from any space; names, results and errors are those of 2.6.0. */
import type { Catalog } from '../../../engine/catalog/index.ts';
import {
  keyDef,
  keyPartCount,
  keyPartsPosition,
  mergeKeyDefs,
  validatePartialKey,
  writeKey,
} from '../../../tuple/index.ts';
import type { BoxFoundation } from '../box/foundation.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { LuaFunction, type LuaResult, type LuaValue, plainFunction } from '../runtime/values.ts';
import { placelessError } from '../values/builtin-error.ts';
import { KeyDefinition } from './key-definition.ts';
import { readKeyPart } from './key-parts.ts';
import { arrayOf, illegalParams, tupleOf } from './tuples.ts';

const NEW_USAGE =
  'Bad params, use: key_def.new({{fieldno = fieldno, type = type[, is_nullable = <boolean>][, path = <string>]' +
  '[, collation_id = <number>][, collation = <string>]}, ...}';

/** `catalog`: null before there is a database. */
export function createKeyDefLibrary(foundation: BoxFoundation, catalog: () => Catalog | null): LuaTable {
  const methods = new Map<string, LuaFunction>();
  const make = plainFunction((...values) => {
    const [parts] = values;
    if (values.length !== 1 || !(parts instanceof LuaTable)) throw placelessError(NEW_USAGE);
    if (parts.array.length === 0) throw illegalParams('Key definition can only be constructed by using at least 1 key_part');
    const known = catalog();
    const read = parts.array.map((part, index) => readKeyPart(known, part, index));
    const names = new Map<number, string>();
    for (const { definition } of known?.collations() ?? []) names.set(definition.id, definition.name);
    return new KeyDefinition(keyDef(read), names, methods);
  });
  const functions = tableOf({ new: make, ...keyDefFunctions(foundation, methods) });
  for (let entry = functions.next(undefined); entry != null; entry = functions.next(entry[0])) {
    if (entry[1] instanceof LuaFunction) methods.set(String(entry[0]), entry[1]);
  }
  return functions;
}

/** Tuples as the libraries of this folder take them, and the errors about what is none. */
import { BoxError, boxError, ERROR_TABLE } from '../../../base/index.ts';
import { arrayLength } from '../../../codec/msgpack/index.ts';
import type { BoxFoundation } from '../box/foundation.ts';
import { LuaTuple } from '../box/tuple/lua-tuple.ts';
import { LuaTable } from '../runtime/table.ts';
import { typeOf } from '../runtime/types.ts';
import type { LuaValue } from '../runtime/values.ts';

/** An error without a number. */
export function illegalParams(message: string): BoxError {
  return new BoxError(ERROR_TABLE.ILLEGAL_PARAMS.code, message, { type: 'IllegalParams' });
}

/** A tuple as it is, a table as a tuple. Throws IllegalParams for another value, TUPLE_NOT_ARRAY (22) for a map. */
export function tupleOf(foundation: BoxFoundation, value: LuaValue): LuaTuple {
  if (value instanceof LuaTuple || value instanceof LuaTable) return arrayOf(foundation, value);
  throw illegalParams(`A tuple or a table expected, got ${typeOf(value)}`);
}

/** Any value that is an array in MessagePack. Throws TUPLE_NOT_ARRAY (22) for others. */
export function arrayOf(foundation: BoxFoundation, value: LuaValue): LuaTuple {
  if (value instanceof LuaTuple) return value;
  const writer = foundation.borrow();
  try {
    foundation.codec.write(writer, value);
    if (arrayLength(writer.bytes, 0) < 0) throw boxError('TUPLE_NOT_ARRAY');
    return foundation.factory.copy(writer.bytes, 0, writer.position, null);
  } finally {
    foundation.giveBack(writer);
  }
}

/** The library `json`. */
import { ArgumentError } from '../runtime/errors.ts';
import { checkString } from '../runtime/arguments.ts';
import { NULL } from '../ffi/null.ts';
import { LuaTable } from '../runtime/table.ts';
import { type LuaValue, plainFunction } from '../runtime/values.ts';
import { JsonDecoder } from './json-decoder.ts';
import { JsonEncoder } from './json-encoder.ts';
import { addMarks, type Serializer } from './serializer.ts';
import { callOptions, createConfiguration, DEFAULT_SERIALIZER_OPTIONS } from './serializer-options.ts';

function checkCount(values: readonly LuaValue[]): void {
  if (values.length < 1 || values.length > 2) throw new ArgumentError(1, 'expected 1 or 2 arguments');
}

/** The library; `new` makes others without its older name of NULL. */
export function createJsonLibrary(serializer: Serializer): LuaTable {
  const library = createSerializer(serializer);
  library.setString('null', NULL);
  return library;
}

function createSerializer(serializer: Serializer): LuaTable {
  const options = { ...DEFAULT_SERIALIZER_OPTIONS };
  const encoder = new JsonEncoder(serializer, options);
  const library = new LuaTable();
  library.setString(
    'encode',
    plainFunction((...values) => {
      checkCount(values);
      const own = values[1] === undefined ? encoder : new JsonEncoder(serializer, callOptions(options, values[1]));
      return own.encode(values[0]);
    }),
  );
  library.setString(
    'decode',
    plainFunction((...values) => {
      checkCount(values);
      return new JsonDecoder(checkString(values, 1), callOptions(options, values[1]), serializer).decode();
    }),
  );
  library.setString(
    'new',
    plainFunction(() => createSerializer(serializer)),
  );
  library.setString('cfg', createConfiguration(options));
  addMarks(library, serializer);
  return library;
}

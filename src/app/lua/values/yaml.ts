/** The library `yaml`. */
import { checkString } from '../runtime/arguments.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { isTrue, type LuaResult, type LuaValue, plainFunction } from '../runtime/values.ts';
import { addMarks, type Serializer } from './serializer.ts';
import { createConfiguration, DEFAULT_SERIALIZER_OPTIONS, type SerializerOptions } from './serializer-options.ts';
import { decodeYaml, tagDirective } from './yaml-decoder.ts';
import { encodeYaml, type YamlTag } from './yaml-encoder.ts';

const ENCODE_USAGE = 'Usage: encode(object, {tag_prefix = <string>, tag_handle = <string>})';
const DECODE_USAGE = 'Usage: yaml.decode(document, [{tag_only = boolean}])';

export function createYamlLibrary(serializer: Serializer): LuaTable {
  const options = { ...DEFAULT_SERIALIZER_OPTIONS };
  const library = new LuaTable();
  library.setString(
    'encode',
    plainFunction((...values) => encode(options, serializer, values)),
  );
  library.setString(
    'decode',
    plainFunction((...values) => decode(options, serializer, values)),
  );
  library.setString(
    'new',
    plainFunction(() => createYamlLibrary(serializer)),
  );
  library.setString('cfg', createConfiguration(options));
  addMarks(library, serializer);
  return library;
}

function encode(options: Readonly<SerializerOptions>, serializer: Serializer, values: readonly LuaValue[]): LuaResult {
  const [value, argument] = values;
  if (values.length === 0 || (values.length === 2 && !(argument instanceof LuaTable)) || values.length > 2) {
    throw runtimeError(ENCODE_USAGE);
  }
  const tag = argument instanceof LuaTable ? tagOf(argument) : null;
  if (tag !== null && !tag.handle.startsWith('!')) return [undefined, "tag handle must start with '!'"];
  return encodeYaml(value, options, serializer, tag);
}

function tagOf(argument: LuaTable): YamlTag | null {
  const prefix = argument.getString('tag_prefix');
  const handle = argument.getString('tag_handle');
  if (prefix === undefined && handle === undefined) return null;
  if (typeof prefix !== 'string' || typeof handle !== 'string') throw runtimeError(ENCODE_USAGE);
  return { handle, prefix };
}

function decode(options: Readonly<SerializerOptions>, serializer: Serializer, values: readonly LuaValue[]): LuaResult {
  const [text, argument] = values;
  const isText = typeof text === 'string' || typeof text === 'number';
  if (!isText || values.length > 2 || (argument !== undefined && !(argument instanceof LuaTable))) {
    throw runtimeError(DECODE_USAGE);
  }
  const document = checkString(values, 1);
  if (argument instanceof LuaTable && isTrue(argument.getString('tag_only')))
    return tagDirective(document) ?? undefined;
  return decodeYaml(document, options, serializer);
}

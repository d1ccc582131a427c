/** The library `yaml`. */
import { checkString } from '../runtime/arguments.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { rawToText } from '../runtime/types.ts';
import { isTrue, type LuaResult, type LuaValue, plainFunction } from '../runtime/values.ts';
import { addMarks, type Serializer } from './serializer.ts';
import { createConfiguration, DEFAULT_SERIALIZER_OPTIONS, type SerializerOptions } from './serializer-options.ts';
import { decodeYaml, tagDirectives } from './yaml-decoder.ts';
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
  if (values.length === 0 || (argument !== undefined && !(argument instanceof LuaTable)) || values.length > 2) {
    throw runtimeError(ENCODE_USAGE);
  }
  const tag = argument instanceof LuaTable ? tagOf(argument) : null;
  const problem = tag === null ? null : handleProblem(tag.handle);
  if (problem !== null) return [undefined, problem];
  return encodeYaml(value, options, serializer, tag);
}

function handleProblem(handle: string): string | null {
  if (handle === '') return 'tag handle must not be empty';
  if (!handle.startsWith('!')) return "tag handle must start with '!'";
  return handle.endsWith('!') ? null : "tag handle must end with '!'";
}

function tagOf(argument: LuaTable): YamlTag | null {
  const prefix = argument.getString('tag_prefix');
  const handle = argument.getString('tag_handle');
  if (prefix === undefined && handle === undefined) return null;
  if (!isText(prefix) || !isText(handle)) throw runtimeError(ENCODE_USAGE);
  return { handle: rawToText(handle), prefix: rawToText(prefix) };
}

/** What C functions take for a text. */
function isText(value: LuaValue): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function decode(options: Readonly<SerializerOptions>, serializer: Serializer, values: readonly LuaValue[]): LuaResult {
  const [text, argument] = values;
  if (!isText(text) || values.length > 2 || (argument !== undefined && !(argument instanceof LuaTable))) {
    throw runtimeError(DECODE_USAGE);
  }
  const document = checkString(values, 1);
  if (argument instanceof LuaTable && isTrue(argument.getString('tag_only'))) {
    const tags = tagDirectives(document);
    return tags.length > 1 ? [undefined, 'can not decode multiple tags'] : tags[0];
  }
  return decodeYaml(document, options, serializer);
}

/** A row of `_func`. Rows of old data directories end after the name, the set-uid flag or the language. */
import { type BoxError, boxError, functionId, type FunctionId, userId, type UserId } from '../../../base/index.ts';
import { arrayLength, containerHeaderSize, KIND, kindAt, readString, skipValue } from '../../../codec/msgpack/index.ts';
import { type FieldType, parseFieldType } from '../../../tuple/index.ts';
import type { TupleReader } from '../tuple-reader.ts';
import { readName } from './identifiers.ts';
import { asciiLowerCase, decodeOptions, enumValue, type OptionRegistry } from './options.ts';

export type FunctionLanguage = 'LUA' | 'C' | 'SQL' | 'SQL_BUILTIN';

export type FunctionDefinition = Readonly<{
  id: FunctionId;
  ownerId: UserId;
  name: string;
  /** Runs with the rights of its owner. */
  isSetuid: boolean;
  language: FunctionLanguage;
  /** Source text; null for a function that is found by its name. */
  body: string | null;
  parameterTypes: readonly FieldType[];
  returns: FieldType;
  aggregate: 'none' | 'group';
  isDeterministic: boolean;
  isSandboxed: boolean;
  exports: readonly ('LUA' | 'SQL')[];
  /** As key function: it returns an array of keys. */
  isMultikey: boolean;
  /** Its arguments come as they were sent; of Tarantool 2.10. */
  takesRawArguments: boolean;
  comment: string | null;
}>;

const FIELD = {
  id: 0,
  owner: 1,
  name: 2,
  setuid: 3,
  language: 4,
  body: 5,
  routineType: 6,
  parameters: 7,
  returns: 8,
  aggregate: 9,
  dataAccess: 10,
  isDeterministic: 11,
  isSandboxed: 12,
  isNullCall: 13,
  exports: 14,
  options: 15,
  comment: 16,
} as const;
export const FUNCTION_ID_FIELD = FIELD.id;
export const FUNCTION_ID_MAX = 32000;

const LANGUAGES: readonly FunctionLanguage[] = ['LUA', 'C', 'SQL', 'SQL_BUILTIN'];
/** `takes_raw_args` is of Tarantool 2.10. */
const FUNCTION_OPTIONS: OptionRegistry = { is_multikey: 'boolean', takes_raw_args: 'boolean' };

export function readFunctionRow(row: TupleReader): FunctionDefinition {
  const name = readName(row, FIELD.name, 'CREATE_FUNCTION', 'function');
  const fail = (reason: string): BoxError => boxError('CREATE_FUNCTION', name, reason);
  const isWhole = row.fieldCount > FIELD.body;
  const body = isWhole ? row.string(FIELD.body) : '';
  const comment = isWhole ? row.string(FIELD.comment) : '';
  if (isWhole) checkFixedFields(row, fail);
  const id = row.unsigned(FIELD.id);
  const ownerId = row.unsigned(FIELD.owner);
  if (id > FUNCTION_ID_MAX) throw fail('function id is too big');
  const isSetuid = row.fieldCount > FIELD.setuid && row.unsigned(FIELD.setuid) !== 0;
  const language = readLanguage(row, name);
  const rest = isWhole ? readSignature(row, fail) : OLD_SIGNATURE;
  const definition: FunctionDefinition = {
    id: functionId(id),
    ownerId: userId(ownerId),
    name,
    isSetuid,
    language,
    body: body === '' ? null : body,
    comment: comment === '' ? null : comment,
    ...rest,
  };
  checkLanguage(definition, fail);
  return definition;
}

type Signature = Pick<
  FunctionDefinition,
  | 'isDeterministic'
  | 'isSandboxed'
  | 'returns'
  | 'exports'
  | 'aggregate'
  | 'parameterTypes'
  | 'isMultikey'
  | 'takesRawArguments'
>;

const OLD_SIGNATURE: Signature = {
  isDeterministic: false,
  isSandboxed: false,
  returns: 'any',
  exports: ['LUA'],
  aggregate: 'none',
  parameterTypes: [],
  isMultikey: false,
  takesRawArguments: false,
};

function checkFixedFields(row: TupleReader, fail: (reason: string) => BoxError): void {
  if (asciiLowerCase(row.string(FIELD.routineType)) !== 'function') throw fail('unsupported routine_type value');
  if (asciiLowerCase(row.string(FIELD.dataAccess)) !== 'none') throw fail('unsupported sql_data_access value');
  if (!row.boolean(FIELD.isNullCall)) throw fail('unsupported is_null_call value');
}

function readLanguage(row: TupleReader, name: string): FunctionLanguage {
  if (row.fieldCount <= FIELD.language) return 'LUA';
  const text = row.string(FIELD.language);
  const language = enumValue(LANGUAGES, text);
  if (language === null || language === 'SQL') throw boxError('FUNCTION_LANGUAGE', text, name);
  return language;
}

function readSignature(row: TupleReader, fail: (reason: string) => BoxError): Signature {
  const isDeterministic = row.boolean(FIELD.isDeterministic);
  const isSandboxed = row.boolean(FIELD.isSandboxed);
  const returns = fullTypeName(row.string(FIELD.returns));
  if (returns === null) throw fail('invalid returns value');
  const exports = readStrings(row, FIELD.exports).map((text) => {
    const language = enumValue(['LUA', 'SQL'] as const, text);
    if (language === null) throw fail('invalid exports value');
    return language;
  });
  const aggregate = enumValue(['none', 'group'] as const, row.string(FIELD.aggregate));
  if (aggregate === null) throw fail('invalid aggregate value');
  const parameterTypes = readStrings(row, FIELD.parameters).map((text) => {
    const type = fullTypeName(text);
    if (type === null) throw fail('invalid argument type');
    return type;
  });
  const optionsPosition = row.mapPosition(FIELD.options);
  const options = decodeOptions(row.bytes, optionsPosition, FUNCTION_OPTIONS, 'WRONG_SPACE_OPTIONS', FIELD.options);
  const isMultikey = options.boolean('is_multikey', false);
  const takesRawArguments = options.boolean('takes_raw_args', false);
  return { isDeterministic, isSandboxed, returns, exports, aggregate, parameterTypes, isMultikey, takesRawArguments };
}

/** A type by its name; the old short names of formats mean nothing here. */
function fullTypeName(text: string): FieldType | null {
  const type = parseFieldType(text);
  return type !== null && type === asciiLowerCase(text) ? type : null;
}

function readStrings(row: TupleReader, fieldNo: number): readonly string[] {
  const position = row.arrayPosition(fieldNo);
  const texts: string[] = [];
  let next = position + containerHeaderSize(row.bytes, position);
  for (let left = arrayLength(row.bytes, position); left > 0; left--) {
    if (kindAt(row.bytes, next) !== KIND.string) throw boxError('FIELD_TYPE', fieldNo + 1, 'string');
    texts.push(readString(row.bytes, next));
    next = skipValue(row.bytes, next);
  }
  return texts;
}

function checkLanguage(definition: FunctionDefinition, fail: (reason: string) => BoxError): void {
  const { language, body, isSandboxed } = definition;
  if (language === 'LUA') {
    if (isSandboxed && body === null) {
      const reason = 'is_sandboxed option may be set only for a persistent Lua function (one with a non-empty body)';
      throw fail(reason);
    }
  } else if (body !== null || isSandboxed) {
    throw fail(`body and is_sandboxed options are not compatible with ${language === 'C' ? 'C' : 'SQL'} language`);
  }
}

/** Whether two rows say the same of a function: a row may be replaced by one that does. */
export function sameFunction(one: FunctionDefinition, other: FunctionDefinition): boolean {
  return (
    one.id === other.id &&
    one.ownerId === other.ownerId &&
    one.name === other.name &&
    one.isSetuid === other.isSetuid &&
    one.language === other.language &&
    one.body === other.body &&
    one.returns === other.returns &&
    one.aggregate === other.aggregate &&
    one.isDeterministic === other.isDeterministic &&
    one.isSandboxed === other.isSandboxed &&
    one.isMultikey === other.isMultikey &&
    one.comment === other.comment &&
    one.parameterTypes.length === other.parameterTypes.length &&
    ['LUA', 'SQL'].every((name) => one.exports.some((it) => it === name) === other.exports.some((it) => it === name))
  );
}

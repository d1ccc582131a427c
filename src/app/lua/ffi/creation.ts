/** Making and converting C values: `ffi.new` and `ffi.cast`. */
import { ArgumentError, runtimeError } from '../runtime/errors.ts';
import { LuaCdata, LuaFunction, type LuaValue } from '../runtime/values.ts';
import {
  type CArray,
  type CNumber,
  type CPointerType,
  type CStructure,
  type CType,
  isSameType,
  sizeOf,
  typeName,
} from './c-types.ts';
import {
  MEMORY_ACCESS,
  cannotConvert,
  enumValue,
  integerFor,
  pointToText,
  truthOf,
  writeItems,
  writeValue,
} from './c-access.ts';
import { CScalar } from './c-scalar.ts';
import { asPointer, CObject, CPointer } from './c-values.ts';
import { Memory } from './memory.ts';
import { NULL } from './null.ts';
import { Integer64, wrap } from './numbers.ts';

/** Blocks beyond it are refused, as LuaJIT refuses them. */
const OBJECT_BYTES_MAX = 0x7fffffff;

/** A value of the type from its initial values. Throws LuaError or ArgumentError. */
export function createValue(type: CType, values: readonly LuaValue[]): LuaValue {
  switch (type.kind) {
    case 'number':
    case 'enum':
    case 'pointer':
      if (values.length > 1) throw tooMany(type);
      return values.length === 0 ? zeroOf(type) : convertValue(type, values[0], false);
    case 'array':
      return createArray(type, values);
    case 'struct':
      return createStructure(type, values);
    case 'void':
    case 'function':
      throw unknownSize();
  }
}

function unknownSize(): ArgumentError {
  return new ArgumentError(1, 'size of C type is unknown or too large');
}

function tooMany(type: CType): Error {
  return runtimeError(`too many initializers for '${typeName(type)}'`);
}

function zeroOf(type: CNumber | CPointerType | Extract<CType, { kind: 'enum' }>): LuaValue {
  return convertValue(type, type.kind === 'pointer' ? undefined : 0, true);
}

function createArray(type: CArray, values: readonly LuaValue[]): CObject {
  const size = sizeOf(type.item);
  if (size === null || type.length === 'open') throw unknownSize();
  let { length } = type;
  let items = values;
  if (length === 'variable') {
    const count = values[0];
    if (count === undefined) throw new ArgumentError(2, 'value expected');
    length = Number(integerFor(type.item.kind === 'number' ? type.item : { kind: 'void', isConst: false }, count));
    items = values.slice(1);
  }
  if (length < 0 || length * size > OBJECT_BYTES_MAX) throw unknownSize();
  const memory = new Memory(new Uint8Array(length * size));
  if (items.length > Math.max(length, 1)) throw tooMany(type);
  const [first] = items;
  if (items.length === 1 && isWhole(type, first)) writeValue(type, memory, 0, first);
  else writeItems(type, memory, 0, items, { size, length });
  return new CObject(MEMORY_ACCESS, type, memory, 0, false);
}

/** Whether a single initial value is meant for the whole array. */
function isWhole(type: CArray, value: LuaValue): boolean {
  if (typeof value === 'string') return true;
  return typeof value === 'object' && !(value instanceof LuaCdata)
    ? true
    : value instanceof CObject && isSameType(value.type, type);
}

function createStructure(type: CStructure, values: readonly LuaValue[]): CObject {
  const { fields } = type;
  if (fields === null) throw unknownSize();
  let extraBytes = 0;
  const last = fields.at(-1);
  let items = values;
  if (last?.type.kind === 'array' && last.type.length === 'variable') {
    extraBytes = Number(values[0]) * (sizeOf(last.type.item) ?? 0);
    items = values.slice(1);
  }
  const memory = new Memory(new Uint8Array(type.sizeBytes + extraBytes));
  const object = new CObject(MEMORY_ACCESS, type, memory, 0, false);
  const [first] = items;
  const isWholeValue = typeof first === 'object' && (!(first instanceof LuaCdata) || isOf(first, type));
  if (items.length === 1 && isWholeValue && !(first instanceof LuaFunction)) writeValue(type, memory, 0, first);
  else {
    if (items.length > (type.isUnion ? 1 : fields.length)) throw tooMany(type);
    items.forEach((item, index) => object.setIndex(fields[index]!.name, item));
  }
  return object;
}

function isOf(value: LuaCdata, type: CStructure): boolean {
  return value instanceof CObject && value.type === type;
}

/** A value as one of a number, enumeration or pointer type; `isCast` allows what only a cast may do. */
export function convertValue(type: CType, value: LuaValue, isCast: boolean): LuaValue {
  switch (type.kind) {
    case 'number':
      return convertNumber(type, isCast ? castSource(value) : value);
    case 'enum':
      return new CScalar(type, enumValue(type, value));
    case 'pointer':
      return convertPointer(type, value, isCast);
    default:
      if (isCast) throw new ArgumentError(1, 'invalid C type');
      throw cannotConvert(value, type);
  }
}

/** A pointer counts by its address. */
function castSource(value: LuaValue): LuaValue {
  const pointer = asPointer(value);
  if (pointer !== null) return new Integer64(BigInt(pointer.address), true);
  return value instanceof LuaCdata && value.isNull ? 0 : value;
}

function convertNumber(type: CNumber, value: LuaValue): LuaValue {
  if (type.format === 'bool') return new CScalar(type, truthOf(type, value));
  if (type.format === 'float') {
    const number = value instanceof Integer64 ? Number(value.value) : numberOf(type, value);
    return new CScalar(type, type.sizeBytes === 4 ? Math.fround(number) : number);
  }
  if (type.sizeBytes === 8) return new Integer64(wrap(integer64For(type, value), type.isUnsigned), type.isUnsigned);
  const bits = type.sizeBytes * 8;
  const integer = integerFor(type, value);
  return new CScalar(type, Number(type.isUnsigned ? BigInt.asUintN(bits, integer) : BigInt.asIntN(bits, integer)));
}

const INT64_LIMIT = 2 ** 63;
const UINT64_LIMIT = 2 ** 64;

/** Doubles of the upper half of the unsigned range keep their value. */
function integer64For(type: CNumber, value: LuaValue): bigint {
  if (typeof value === 'number' && value >= INT64_LIMIT && value < UINT64_LIMIT) return BigInt(Math.trunc(value));
  return integerFor(type, value);
}

function numberOf(type: CNumber, value: LuaValue): number {
  if (typeof value === 'number') return value;
  return value instanceof CScalar ? Number(value.value) : Number(integerFor(type, value));
}

function convertPointer(type: CPointerType, value: LuaValue, isCast: boolean): LuaValue {
  if (value === undefined || (value instanceof LuaCdata && value.isNull)) {
    return type.target.kind === 'void' ? NULL : new CPointer(MEMORY_ACCESS, type, null, 0);
  }
  if (typeof value === 'string') {
    const { target } = type;
    if (!isCast && !('isConst' in target && target.isConst)) throw cannotConvert(value, type);
    const { memory, offset } = pointToText(value);
    return new CPointer(MEMORY_ACCESS, type, memory, offset);
  }
  if (isCast && (typeof value === 'number' || value instanceof Integer64 || value instanceof CScalar)) {
    const address = Number(integerFor({ kind: 'void', isConst: false }, value));
    return address === 0 && type.target.kind === 'void' ? NULL : new CPointer(MEMORY_ACCESS, type, null, address);
  }
  if (value instanceof CObject) return new CPointer(MEMORY_ACCESS, type, value.memory, value.offset);
  const pointer = asPointer(value);
  if (pointer === null) throw cannotConvert(value, type);
  const { target } = pointer.type;
  const isCompatible = target.kind === 'void' || type.target.kind === 'void' || isSameType(target, type.target);
  if (!isCast && !isCompatible) throw cannotConvert(value, type);
  return new CPointer(MEMORY_ACCESS, type, pointer.memory, pointer.offset);
}

/** Reading and writing memory by type, with C's conversions and LuaJIT's messages. */
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { typeForMessage } from '../runtime/types.ts';
import { LuaCdata, LuaFunction, type LuaValue } from '../runtime/values.ts';
import { structureHandler } from './c-metatables.ts';
import { CScalar, integerOf, scalarOf } from './c-scalar.ts';
import {
  type CArray,
  type CField,
  type CNumber,
  type CPointerType,
  type CStructure,
  type CType,
  fieldOf,
  isSameType,
  sizeOf,
  typeName,
} from './c-types.ts';
import { asPointer, CObject, CPointer, type MemoryAccess, type Place } from './c-values.ts';
import { memberError } from './member-error.ts';
import { Memory } from './memory.ts';
import { Integer64, truncated, wrap } from './numbers.ts';

const BYTE_BITS = 8;

/** The memory if so many bytes are there. Throws LuaError if not. */
export function existing(memory: Memory | null, offset: number, size: number): Memory {
  if (memory === null || offset < 0 || offset + size > memory.bytes.length) {
    throw runtimeError('attempt to access memory out of bounds');
  }
  return memory;
}

/** How all values reach their memory. */
export const MEMORY_ACCESS: MemoryAccess = {
  read: (type, { memory, offset }) => readValue(type, existing(memory, offset, sizeOf(type) ?? 0), offset),
  write: (type, { memory, offset }, value) =>
    writeValue(type, existing(memory, offset, sizeOf(type) ?? 0), offset, value),
  member: structureMember,
  setMember: setStructureMember,
};

function structureMember(structure: CStructure, value: LuaCdata & Place, key: LuaValue): LuaValue {
  const field = typeof key === 'string' ? fieldOf(structure, key) : null;
  if (field !== null) return readField(field, value);
  const handler = structure.metatable?.getString('__index');
  if (handler instanceof LuaTable) {
    const found = handler.get(key);
    if (found !== undefined) return found;
  } else if (handler instanceof LuaFunction) {
    return structureHandler(structure, '__index')?.call(value, key);
  }
  throw memberError(typeName(structure), key);
}

function setStructureMember(structure: CStructure, value: LuaCdata & Place, key: LuaValue, item: LuaValue): void {
  const field = typeof key === 'string' ? fieldOf(structure, key) : null;
  if (field !== null) return writeField(field, value, item);
  const handler = structureHandler(structure, '__newindex');
  if (handler === null) throw memberError(typeName(structure), key);
  handler.call(value, key, item);
}

function readField(field: CField, { memory, offset }: Place): LuaValue {
  const at = offset + field.offset;
  const within = existing(memory, at, sizeOf(field.type) ?? 0);
  if (field.bits === null) return readValue(field.type, within, at);
  const { start, count } = field.bits;
  const unit = Number(rawNumber(field.type, within, at));
  const bits = Math.floor((unit >>> 0) / 2 ** start) % 2 ** count;
  if (field.type.kind === 'number' && field.type.format === 'bool') return bits !== 0;
  const isSigned = field.type.kind === 'number' && !field.type.isUnsigned;
  return isSigned && bits >= 2 ** (count - 1) ? bits - 2 ** count : bits;
}

function rawNumber(type: CType, memory: Memory, at: number): number | bigint {
  const value = readValue(type, memory, at);
  return value instanceof Integer64 ? value.value : Number(value);
}

function writeField(field: CField, { memory, offset }: Place, value: LuaValue): void {
  const at = offset + field.offset;
  const within = existing(memory, at, sizeOf(field.type) ?? 0);
  if (field.bits === null) return writeValue(field.type, within, at, value);
  const { start, count } = field.bits;
  const mask = (2 ** count - 1) * 2 ** start;
  const old = Number(rawNumber(field.type, within, at)) >>> 0;
  const bits = ((numberFor(field.type, value) >>> 0) % 2 ** count) * 2 ** start;
  const unit = old - (old & mask ? (old & mask) >>> 0 : 0) + bits;
  writeValue(field.type, within, at, unit);
}

/** The value of a type at a place: a Lua number or boolean if it is one, else cdata that refers to the place. */
export function readValue(type: CType, memory: Memory, at: number): LuaValue {
  switch (type.kind) {
    case 'number':
      return readNumberOf(type, memory.view, at);
    case 'enum':
      return new CScalar(type, memory.view.getInt32(at, true));
    case 'pointer': {
      const target = memory.pointer(at);
      return target === null
        ? new CPointer(MEMORY_ACCESS, type, null, Number(memory.view.getBigUint64(at, true)))
        : new CPointer(MEMORY_ACCESS, type, target.memory, target.offset);
    }
    case 'struct':
    case 'array':
      return new CObject(MEMORY_ACCESS, type, memory, at, true);
    case 'void':
    case 'function':
      throw runtimeError('size of C type is unknown or too large');
  }
}

function readNumberOf(type: CNumber, view: DataView, at: number): LuaValue {
  const { sizeBytes, isUnsigned } = type;
  if (type.format === 'bool') return view.getUint8(at) !== 0;
  if (type.format === 'float') return sizeBytes === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
  switch (sizeBytes) {
    case 1:
      return isUnsigned ? view.getUint8(at) : view.getInt8(at);
    case 2:
      return isUnsigned ? view.getUint16(at, true) : view.getInt16(at, true);
    case 4:
      return isUnsigned ? view.getUint32(at, true) : view.getInt32(at, true);
    case 8:
      return new Integer64(isUnsigned ? view.getBigUint64(at, true) : view.getBigInt64(at, true), isUnsigned);
  }
}

/** Stores a value with C's conversions. Throws LuaError `cannot convert 'x' to 'y'`. */
export function writeValue(type: CType, memory: Memory, at: number, value: LuaValue): void {
  switch (type.kind) {
    case 'number':
      return writeNumberOf(type, memory.view, at, value);
    case 'enum':
      return memory.view.setInt32(at, enumValue(type, value), true);
    case 'pointer':
      return memory.setPointer(at, pointerFor(type, value));
    case 'array':
      return writeArray(type, memory, at, value);
    case 'struct':
      return writeStructure(type, memory, at, value);
    case 'void':
    case 'function':
      throw cannotConvert(value, type);
  }
}

export function cannotConvert(value: LuaValue, type: CType): Error {
  const name = value instanceof LuaCdata ? typeForMessage(value) : `'${typeForMessage(value)}'`;
  return runtimeError(`cannot convert ${name} to '${typeName(type)}'`);
}

/** A number or truth value with C's conversions. */
export function numberFor(type: CType, value: LuaValue): number {
  const number = scalarOf(value) ?? integerOf(value);
  if (number !== null) return number;
  if (typeof value === 'boolean') return Number(value);
  throw cannotConvert(value, type);
}

/** A number as an integer of 64 bits or fewer. */
export function integerFor(type: CType, value: LuaValue): bigint {
  return value instanceof Integer64 ? value.value : truncated(numberFor(type, value));
}

export function enumValue(type: Extract<CType, { kind: 'enum' }>, value: LuaValue): number {
  if (typeof value !== 'string') return Number(BigInt.asIntN(32, integerFor(type, value)));
  const constant = type.constants.get(value);
  if (constant === undefined) throw cannotConvert(value, type);
  return constant;
}

function writeNumberOf(type: CNumber, view: DataView, at: number, value: LuaValue): void {
  if (type.format === 'bool') return view.setUint8(at, truthOf(type, value) ? 1 : 0);
  if (type.format === 'float') {
    const number = numberFor(type, value);
    return type.sizeBytes === 4 ? view.setFloat32(at, number, true) : view.setFloat64(at, number, true);
  }
  const integer = integerFor(type, value);
  switch (type.sizeBytes) {
    case 1:
      return view.setUint8(at, Number(BigInt.asUintN(BYTE_BITS, integer)));
    case 2:
      return view.setUint16(at, Number(BigInt.asUintN(2 * BYTE_BITS, integer)), true);
    case 4:
      return view.setUint32(at, Number(BigInt.asUintN(4 * BYTE_BITS, integer)), true);
    case 8:
      return view.setBigUint64(at, wrap(integer, true), true);
  }
}

export function truthOf(type: CType, value: LuaValue): boolean {
  return typeof value === 'boolean' ? value : numberFor(type, value) !== 0;
}

function pointerFor(type: CPointerType, value: LuaValue): { memory: Memory; offset: number } | null {
  if (value === undefined || (value instanceof LuaCdata && value.isNull)) return null;
  const { target } = type;
  if (typeof value === 'string' && 'isConst' in target && target.isConst) return pointToText(value);
  const isStructure = value instanceof CObject && value.type.kind === 'struct' && isSameType(value.type, target);
  const source = isStructure ? value : asPointer(value);
  const isCompatible =
    isStructure ||
    (source instanceof CPointer &&
      (target.kind === 'void' || source.type.target.kind === 'void' || isSameType(source.type.target, target)));
  if (source === null || !isCompatible || source.memory === null) throw cannotConvert(value, type);
  return { memory: source.memory, offset: source.offset };
}

/** A Lua string in memory, with the zero byte that ends it in C. */
export function pointToText(text: string): { memory: Memory; offset: number } {
  const bytes = new Uint8Array(text.length + 1);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return { memory: new Memory(bytes), offset: 0 };
}

function writeArray(type: CArray, memory: Memory, at: number, value: LuaValue): void {
  const size = sizeOf(type.item) ?? 0;
  const length = typeof type.length === 'number' ? type.length : Math.floor((memory.bytes.length - at) / size);
  if (typeof value === 'string' && size === 1) {
    for (let index = 0; index < Math.min(length, value.length + 1); index++) {
      memory.bytes[at + index] = index < value.length ? value.charCodeAt(index) : 0;
    }
  } else if (value instanceof LuaTable) {
    writeTableItems(type, memory, at, value, { size, length });
  } else if (value instanceof CObject && isSameType(value.type, type)) {
    memory.bytes.set(value.memory.bytes.subarray(value.offset, value.offset + value.sizeBytes), at);
  } else throw cannotConvert(value, type);
}

/** From index 0 if there is one, else from 1; a single value fills the whole array. */
function writeTableItems(
  type: CArray,
  memory: Memory,
  at: number,
  table: LuaTable,
  { size, length }: Readonly<{ size: number; length: number }>,
): void {
  const first = table.get(0) === undefined ? 1 : 0;
  const items: LuaValue[] = [];
  for (let index = first; table.get(index) !== undefined; index++) items.push(table.get(index));
  if (items.length > length) throw runtimeError(`too many initializers for '${typeName(type)}'`);
  writeItems(type, memory, at, items, { size, length });
}

/** Initial values of an array, the first one for all if it is the only one. */
export function writeItems(
  type: CArray,
  memory: Memory,
  at: number,
  items: readonly LuaValue[],
  { size, length }: Readonly<{ size: number; length: number }>,
): void {
  const count = items.length === 1 ? length : items.length;
  for (let index = 0; index < count; index++) {
    writeValue(type.item, memory, at + index * size, items[items.length === 1 ? 0 : index]);
  }
}

function writeStructure(type: CStructure, memory: Memory, at: number, value: LuaValue): void {
  if (value instanceof CObject && value.type === type) {
    memory.bytes.set(value.memory.bytes.subarray(value.offset, value.offset + type.sizeBytes), at);
    return;
  }
  if (!(value instanceof LuaTable)) throw cannotConvert(value, type);
  const place = { memory, offset: at };
  const isList = value.get(1) !== undefined || value.get(0) !== undefined;
  const first = value.get(0) === undefined ? 1 : 0;
  (type.fields ?? []).forEach((field, index) => {
    if (field.name === '' && field.type.kind === 'struct' && !isList) {
      return writeStructure(field.type, memory, at + field.offset, value);
    }
    const item = isList ? value.get(first + index) : value.getString(field.name);
    if (item !== undefined) writeField(field, place, item);
  });
}

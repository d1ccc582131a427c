/** Pointers, and what lies in memory: structures, unions, arrays. Texts of errors are LuaJIT's. */
import type { ByteWriter } from '../../../base/index.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import {
  type ArithmeticOperator,
  LuaCdata,
  LuaFunction,
  type LuaValue,
  type SerializedCdata,
} from '../runtime/values.ts';
import { structureHandler, structureText } from './c-metatables.ts';
import { integerOf, scalarOf } from './c-scalar.ts';
import { type CArray, type CPointerType, type CStructure, type CType, pointerTo, sizeOf, typeName } from './c-types.ts';
import { memberError } from './member-error.ts';
import type { Memory } from './memory.ts';
import { Integer64 } from './numbers.ts';
import { NULL } from './null.ts';

/** Where a value lies; a null pointer has no memory. */
export type Place = Readonly<{ memory: Memory | null; offset: number }>;

/** Reading and writing memory, which is done elsewhere. */
export interface MemoryAccess {
  /** The value of a type at a place. */
  read(type: CType, place: Place): LuaValue;
  /** Throws LuaError `cannot convert 'x' to 'y'`. */
  write(type: CType, place: Place, value: LuaValue): void;
  /** A field, or what the structure's metatable has. Throws LuaError if there is neither. */
  member(structure: CStructure, value: LuaCdata & Place, key: LuaValue): LuaValue;
  setMember(structure: CStructure, value: LuaCdata & Place, key: LuaValue, item: LuaValue): void;
}

/** A pointer into memory, or to an address where nothing is. */
export class CPointer extends LuaCdata {
  readonly type: CPointerType;
  readonly memory: Memory | null;
  /** In the memory; the address itself without one. */
  readonly offset: number;

  readonly access: MemoryAccess;

  constructor(access: MemoryAccess, type: CPointerType, memory: Memory | null, offset: number) {
    super();
    this.access = access;
    this.type = type;
    this.memory = memory;
    this.offset = offset;
  }

  get address(): number {
    return (this.memory?.address ?? 0) + this.offset;
  }

  override get typeName(): string {
    return typeName(this.type);
  }

  override get isNull(): boolean {
    return this.address === 0;
  }

  override toText(): string {
    const text = structureText(this.type.target, this);
    if (text !== null) return text;
    return `cdata<${this.typeName}>: ${this.isNull ? 'NULL' : `0x${this.address.toString(16).padStart(8, '0')}`}`;
  }

  /** The same pointer elsewhere in its memory. */
  at(offset: number): CPointer {
    return new CPointer(this.access, this.type, this.memory, offset);
  }

  override index(key: LuaValue): LuaValue {
    const { target } = this.type;
    if (target.kind === 'struct' && typeof key === 'string') return this.access.member(target, this, key);
    return this.access.read(target, this.#element(key));
  }

  override setIndex(key: LuaValue, value: LuaValue): void {
    const { target } = this.type;
    if (target.kind === 'struct' && typeof key === 'string') return this.access.setMember(target, this, key, value);
    const place = this.#element(key);
    if ('isConst' in target && target.isConst) throw runtimeError('attempt to write to constant location');
    this.access.write(target, place, value);
  }

  #element(key: LuaValue): Place {
    const index = scalarOf(key) ?? (key instanceof Integer64 ? Number(key.value) : null);
    if (index === null) throw memberError(this.typeName, key);
    const size = sizeOf(this.type.target);
    if (size === null) throw runtimeError('size of C type is unknown or too large');
    return { memory: this.memory, offset: this.offset + Math.trunc(index) * size };
  }

  override equals(other: LuaValue): boolean | undefined {
    if (other === undefined) return this.isNull;
    const address = addressIn(other);
    return address === null ? undefined : address === this.address;
  }

  override compare(other: LuaValue): number | undefined {
    const address = other === undefined ? 0 : addressIn(other);
    return address === null ? undefined : this.address - address;
  }

  override arithmetic(operator: ArithmeticOperator, left: LuaValue, right: LuaValue): LuaValue {
    const size = sizeOf(this.type.target);
    if (size === null) return undefined;
    return pointerArithmetic(operator, left, right, size);
  }

  override writeMsgpack(writer: ByteWriter): boolean {
    return this.isNull && this.type.target.kind === 'void' ? NULL.writeMsgpack(writer) : false;
  }

  override serialized(): SerializedCdata | null {
    return this.isNull && this.type.target.kind === 'void' ? { value: undefined } : null;
  }
}

/** The address that a pointer or an array stands for; null for other values. */
function addressIn(value: LuaValue): number | null {
  if (value instanceof CPointer) return value.address;
  if (value instanceof CObject) return value.memory.address + value.offset;
  return value instanceof LuaCdata && value.isNull ? 0 : null;
}

function pointerArithmetic(operator: ArithmeticOperator, left: LuaValue, right: LuaValue, size: number): LuaValue {
  const one = asPointer(left);
  const two = asPointer(right);
  if (one !== null && two !== null) return operator === 'sub' ? (one.address - two.address) / size : undefined;
  const pointer = one ?? two;
  const step = scalarOf(one === null ? left : right) ?? integerOf(one === null ? left : right);
  if (pointer === null || step === null) return undefined;
  if (operator === 'add') return pointer.at(pointer.offset + Math.trunc(step) * size);
  return operator === 'sub' && one !== null ? pointer.at(pointer.offset - Math.trunc(step) * size) : undefined;
}

/** A pointer as it is, an array as a pointer to its first item. */
export function asPointer(value: LuaValue): CPointer | null {
  if (value instanceof CPointer) return value;
  if (value instanceof CObject && value.type.kind === 'array') {
    return new CPointer(value.access, pointerTo(value.type.item), value.memory, value.offset);
  }
  return null;
}

/** A structure, union or array in memory. */
export class CObject extends LuaCdata {
  readonly type: CStructure | CArray;
  readonly memory: Memory;
  readonly offset: number;
  /** A part of another value, which LuaJIT shows as a reference. */
  readonly isPart: boolean;

  readonly access: MemoryAccess;

  constructor(access: MemoryAccess, type: CStructure | CArray, memory: Memory, offset: number, isPart: boolean) {
    super();
    this.access = access;
    this.type = type;
    this.memory = memory;
    this.offset = offset;
    this.isPart = isPart;
  }

  override get typeName(): string {
    return this.isPart ? typeName(pointerTo(this.type, true)) : typeName(this.type);
  }

  get sizeBytes(): number {
    if (this.type.kind === 'struct') return this.type.sizeBytes;
    return sizeOf(this.type) ?? this.memory.bytes.length - this.offset;
  }

  override toText(): string {
    const text = structureText(this.type, this);
    return text ?? `cdata<${this.typeName}>: 0x${(this.memory.address + this.offset).toString(16)}`;
  }

  override index(key: LuaValue): LuaValue {
    if (this.type.kind === 'struct') return this.access.member(this.type, this, key);
    return new CPointer(this.access, pointerTo(this.type.item), this.memory, this.offset).index(this.#place(key));
  }

  override setIndex(key: LuaValue, value: LuaValue): void {
    if (this.type.kind === 'struct') this.access.setMember(this.type, this, key, value);
    else
      new CPointer(this.access, pointerTo(this.type.item), this.memory, this.offset).setIndex(this.#place(key), value);
  }

  #place(key: LuaValue): LuaValue {
    if (typeof key === 'string') throw memberError(this.typeName, key);
    return key;
  }

  override equals(other: LuaValue): boolean | undefined {
    const handler = structureHandler(this.type, '__eq');
    if (handler !== null) return handler.call(this, other) === true;
    if (this.type.kind === 'array') {
      const address = addressIn(other);
      return address === null ? undefined : address === this.memory.address + this.offset;
    }
    return undefined;
  }

  override compare(other: LuaValue): number | undefined {
    const handler = structureHandler(this.type, '__lt');
    if (handler === null) return undefined;
    if (handler.call(this, other) === true) return -1;
    return handler.call(other, this) === true ? 1 : 0;
  }

  override get serializer(): LuaFunction | null {
    const methods = this.type.kind === 'struct' ? this.type.metatable?.getString('__index') : undefined;
    const serialize = methods instanceof LuaTable ? methods.getString('__serialize') : undefined;
    return serialize instanceof LuaFunction ? serialize : null;
  }

  override arithmetic(operator: ArithmeticOperator, left: LuaValue, right: LuaValue): LuaValue {
    const handler = structureHandler(this.type, `__${operator}`);
    if (handler !== null) return handler.call(left, right);
    const size = this.type.kind === 'array' ? sizeOf(this.type.item) : null;
    return size === null ? undefined : pointerArithmetic(operator, left, right, size);
  }

  override concatenate(left: LuaValue, right: LuaValue): LuaValue {
    const handler = structureHandler(this.type, '__concat');
    return handler === null ? undefined : handler.call(left, right);
  }

  override length(): number | undefined {
    const handler = structureHandler(this.type, '__len');
    const length = handler === null ? undefined : handler.call(this);
    return typeof length === 'number' ? length : undefined;
  }

  override get callee(): LuaFunction | null {
    return structureHandler(this.type, '__call')?.handler ?? null;
  }
}

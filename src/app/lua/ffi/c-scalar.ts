/**
 * Numbers, truth values and constants of enumerations as values of their own; 64-bit integers are Integer64. Operators take
 * them for 64-bit integers, as LuaJIT's do: fractions are cut, also by comparisons.
 */
import type { ByteWriter } from '../../../base/index.ts';
import { writeBoolean, writeDouble, writeInteger } from '../../../codec/msgpack/index.ts';
import { addressOf } from '../runtime/types.ts';
import { type ArithmeticOperator, LuaCdata, type LuaValue, type SerializedCdata } from '../runtime/values.ts';
import { type CNumber, type CType, typeName } from './c-types.ts';
import { memberError } from './member-error.ts';
import { Integer64, truncated } from './numbers.ts';

/** A number, truth value or constant of an enumeration that is a value of its own. */
export class CScalar extends LuaCdata {
  readonly type: CNumber | Extract<CType, { kind: 'enum' }>;
  readonly value: number | boolean;

  constructor(type: CNumber | Extract<CType, { kind: 'enum' }>, value: number | boolean) {
    super();
    this.type = type;
    this.value = value;
  }

  override get typeName(): string {
    return typeName(this.type);
  }

  /** Neither a fraction nor a truth value. */
  get isInteger(): boolean {
    return this.type.kind === 'number' && this.type.format === 'integer';
  }

  override toText(): string {
    return `cdata<${this.typeName}>: ${this.type.kind === 'enum' ? String(this.value) : addressOf(this)}`;
  }

  override index(key: LuaValue): LuaValue {
    throw memberError(this.typeName, key);
  }

  override setIndex(key: LuaValue): void {
    throw memberError(this.typeName, key);
  }

  override toNumber(): number {
    return Number(this.value);
  }

  override equals(other: LuaValue): boolean | undefined {
    if (other instanceof Integer64) return other.equals(Number(this.value));
    const value = scalarOf(other);
    return value === null ? undefined : truncated(value) === truncated(Number(this.value));
  }

  override compare(other: LuaValue): number | undefined {
    const value = scalarOf(other);
    return this.#integer().compare(value === null ? other : new Integer64(truncated(value), false));
  }

  override arithmetic(operator: ArithmeticOperator, left: LuaValue, right: LuaValue): LuaValue {
    if (left instanceof Integer64 || right instanceof Integer64) {
      const one = left instanceof CScalar ? Number(left.value) : left;
      return (left instanceof Integer64 ? left : (right as Integer64)).arithmetic(
        operator,
        one,
        right instanceof CScalar ? Number(right.value) : right,
      );
    }
    const one = scalarOf(left);
    const two = scalarOf(right);
    if (one === null || two === null) return undefined;
    return this.#integer().arithmetic(
      operator,
      new Integer64(truncated(one), false),
      new Integer64(truncated(two), false),
    );
  }

  override writeMsgpack(writer: ByteWriter): boolean {
    if (typeof this.value === 'boolean') writeBoolean(writer, this.value);
    else if (this.type.kind === 'number' && this.type.format === 'float') writeFloat(writer, this.value, this.type);
    else writeInteger(writer, this.value);
    return true;
  }

  override serialized(): SerializedCdata {
    return { value: this.value };
  }

  #integer(): Integer64 {
    return new Integer64(truncated(Number(this.value)), false);
  }
}

/** Single precision stays single: `ca` and four bytes. */
function writeFloat(writer: ByteWriter, value: number, type: CNumber): void {
  if (type.sizeBytes === 8) return writeDouble(writer, value);
  writer.ensure(5);
  writer.bytes[writer.position] = 0xca;
  writer.view.setFloat32(writer.position + 1, value);
  writer.position += 5;
}

/** A number, as Lua or as C has it; null for other values. */
export function scalarOf(value: LuaValue): number | null {
  if (typeof value === 'number') return value;
  return value instanceof CScalar ? Number(value.value) : null;
}

/** A 64-bit integer, rounded; null for other values. */
export function integerOf(value: LuaValue): number | null {
  return value instanceof Integer64 ? Number(value.value) : null;
}

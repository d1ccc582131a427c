/** The null pointer `box.NULL`: a value that is equal to nil and yet can be kept in a table. One object stands for all. */
import type { ByteWriter } from '../../../base/index.ts';
import { writeNil } from '../../../codec/msgpack/index.ts';
import { type LuaError, runtimeError } from '../runtime/errors.ts';
import { LuaCdata, type LuaValue, type SerializedCdata } from '../runtime/values.ts';
import { memberError } from './member-error.ts';

class NullPointer extends LuaCdata {
  override readonly typeName = 'void *';

  override toText(): string {
    return 'cdata<void *>: NULL';
  }

  override get isNull(): boolean {
    return true;
  }

  override equals(other: LuaValue): boolean | undefined {
    return other === undefined || (other instanceof LuaCdata && other.isNull) ? true : undefined;
  }

  override compare(other: LuaValue): number | undefined {
    return this.equals(other) === true ? 0 : undefined;
  }

  override index(key: LuaValue): LuaValue {
    throw noMember(key);
  }

  override setIndex(key: LuaValue): void {
    throw noMember(key);
  }

  override writeMsgpack(writer: ByteWriter): boolean {
    writeNil(writer);
    return true;
  }

  override serialized(): SerializedCdata {
    return { value: undefined };
  }
}

function noMember(key: LuaValue): LuaError {
  return typeof key === 'number' ? runtimeError('size of C type is unknown or too large') : memberError('void *', key);
}

export const NULL: LuaCdata = new NullPointer();

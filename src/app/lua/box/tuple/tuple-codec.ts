/**
 * Lua values to MessagePack and back, as `box` does it: unlike `msgpack.encode` it never takes an array for sparse, and
 * the options that `msgpack.cfg` sets do not touch it.
 */
import type { ByteWriter } from '../../../../base/index.ts';
import type { ErrorStack } from '../../../../codec/msgpack/index.ts';
import { NULL } from '../../ffi/null.ts';
import type { LuaRuntime } from '../../runtime/runtime.ts';
import type { LuaValue } from '../../runtime/values.ts';
import { MsgpackConversion } from '../../values/msgpack-conversion.ts';
import { msgpackObjectsOf } from '../../values/msgpack-object.ts';
import { DEFAULT_SERIALIZER_OPTIONS } from '../../values/serializer-options.ts';
import { type Serializer, serializerOf } from '../../values/serializer.ts';
import type { ErrorRegistry } from '../errors/error-registry.ts';

const OPTIONS = { ...DEFAULT_SERIALIZER_OPTIONS, encodeSparseRatio: 0 };

export class TupleCodec {
  readonly serializer: Serializer;
  readonly #conversion: MsgpackConversion;

  constructor(runtime: LuaRuntime, errors: ErrorRegistry) {
    this.serializer = serializerOf(runtime);
    const errorValue = (stack: ErrorStack): LuaValue => {
      const error = stack.toBoxError();
      return error === null ? NULL : errors.of(error);
    };
    this.#conversion = new MsgpackConversion(this.serializer, OPTIONS, { errorValue });
  }

  /** Appends a value. Throws LuaError for what has no form. */
  write(writer: ByteWriter, value: LuaValue): void {
    this.#conversion.encode(writer, value);
  }

  /** A value of valid MessagePack as `msgpack.object`; the bytes are its own from now on. */
  object(bytes: Uint8Array): LuaValue {
    return msgpackObjectsOf(this.serializer.runtime).of(bytes, this.#conversion);
  }

  /** The value at `position`, which is valid MessagePack. */
  read(bytes: Uint8Array, position: number): LuaValue {
    return this.#conversion.decode(bytes, position);
  }
}

/** The library `buffer`: growing byte buffers that codecs write to, with the pointers that C code would use. */
import { ByteWriter } from '../../../base/index.ts';
import { typeName } from '../ffi/c-types.ts';
import { asPointer, CPointer } from '../ffi/c-values.ts';
import type { ForeignFunctions } from '../ffi/library.ts';
import { memberError } from '../ffi/member-error.ts';
import { Memory } from '../ffi/memory.ts';
import { bytePointer, CHAR_POINTER } from '../ffi/pointer.ts';
import type { LuaError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import {
  LuaCdata,
  type LuaFunction,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
} from '../runtime/values.ts';
import { builtinError } from './builtin-error.ts';

/** Bytes of a buffer's first block, as Tarantool's. */
const READAHEAD = 16320;
const BLOCK_EXTRA_BYTES = 16;

function libraryError(message: string): LuaError {
  return builtinError('buffer', 74, message);
}

/** `rpos` to `wpos` is what was written and not read, `wpos` to `epos` is free. */
export class IbufObject extends LuaCdata {
  override readonly typeName = 'struct ibuf';
  readonly memory = new Memory(new Uint8Array(0));
  readPosition = 0;
  writePosition = 0;
  readonly #startCapacity: number;

  constructor(startCapacity: number) {
    super();
    this.#startCapacity = startCapacity;
  }

  override toText(): string {
    return '<ibuf>';
  }

  get size(): number {
    return this.writePosition - this.readPosition;
  }

  get capacity(): number {
    return this.memory.bytes.length;
  }

  override index(key: LuaValue): LuaValue {
    switch (key) {
      case 'buf':
        return this.#pointer(0);
      case 'rpos':
        return this.#pointer(this.readPosition);
      case 'wpos':
        return this.#pointer(this.writePosition);
      case 'epos':
        return this.#pointer(this.capacity);
      default: {
        const method = typeof key === 'string' ? METHODS.get(key) : undefined;
        if (method === undefined) throw memberError(this.typeName, key);
        return method;
      }
    }
  }

  override setIndex(key: LuaValue, value: LuaValue): void {
    if (key !== 'rpos' && key !== 'wpos') throw memberError(this.typeName, key);
    const isOwn = value instanceof CPointer && value.memory === this.memory;
    if (!isOwn && !(value instanceof LuaCdata && value.isNull)) {
      throw libraryError(
        `cannot convert '${value instanceof LuaCdata ? value.typeName : typeof value}' to '${typeName(CHAR_POINTER)}'`,
      );
    }
    const position = value instanceof CPointer && isOwn ? value.offset : 0;
    if (key === 'rpos') this.readPosition = position;
    else this.writePosition = position;
  }

  #pointer(offset: number): CPointer {
    return bytePointer(this.capacity === 0 ? null : this.memory, this.capacity === 0 ? 0 : offset);
  }

  /** Makes room for so many bytes: moves what is there to the front, or into a larger block. Gives `wpos`. */
  reserve(count: number): CPointer {
    if (this.writePosition + count > this.capacity) {
      const { size } = this;
      const used = this.memory.bytes.subarray(this.readPosition, this.writePosition);
      if (size + count <= this.capacity) this.memory.bytes.copyWithin(0, this.readPosition, this.writePosition);
      else {
        let capacity = Math.max(this.capacity * 2, this.#startCapacity);
        while (capacity < size + count) capacity *= 2;
        const block = new Uint8Array(capacity + (this.capacity === 0 ? BLOCK_EXTRA_BYTES : 0));
        block.set(used);
        this.memory.replace(block);
      }
      this.readPosition = 0;
      this.writePosition = size;
    }
    return this.#pointer(this.writePosition);
  }

  allocate(count: number): CPointer {
    const pointer = this.reserve(count);
    this.writePosition += count;
    return pointer;
  }

  /** Appends what `write` writes. Gives the number of bytes. */
  append(write: (writer: ByteWriter) => void): number {
    const writer = new ByteWriter();
    write(writer);
    this.appendBytes(writer.bytes, 0, writer.position);
    return writer.position;
  }

  appendBytes(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    this.memory.bytes.set(bytes.subarray(start, end), this.writePosition);
    this.writePosition += end - start;
  }

  checkSize(count: number): void {
    if (count > this.size) throw libraryError(`Attempt to read out of range bytes: needed=${count} size=${this.size}`);
  }

  reset(): void {
    this.readPosition = 0;
    this.writePosition = 0;
  }

  /** Gives the block back. */
  recycle(): void {
    this.reset();
    this.memory.replace(new Uint8Array(0));
  }
}

function method(name: string, code: (ibuf: IbufObject, count: number) => LuaResult): readonly [string, LuaFunction] {
  return [
    name,
    plainFunction((self, argument) => {
      if (!(self instanceof IbufObject)) {
        throw libraryError(`Attempt to call method without object, use ibuf:${name}()`);
      }
      const count = argument instanceof LuaCdata ? (argument.toNumber() ?? 0) : (argument ?? 0);
      if (typeof count !== 'number') throw libraryError(`Usage: ibuf:${name}(size)`);
      return code(self, count);
    }),
  ];
}

const METHODS: ReadonlyMap<string, LuaFunction> = new Map([
  method('size', (ibuf) => ibuf.size),
  method('capacity', (ibuf) => ibuf.capacity),
  method('pos', (ibuf) => ibuf.readPosition),
  method('unused', (ibuf) => ibuf.capacity - ibuf.writePosition),
  method('alloc', (ibuf, count) => ibuf.allocate(count)),
  method('reserve', (ibuf, count) => ibuf.reserve(count)),
  method('read', (ibuf, count) => {
    ibuf.checkSize(count);
    const pointer = ibuf.index('rpos');
    ibuf.readPosition += count;
    return pointer;
  }),
  method('checksize', (ibuf, count) => {
    ibuf.checkSize(count);
    return ibuf.index('rpos');
  }),
  method('reset', (ibuf) => {
    ibuf.reset();
    return NO_VALUES;
  }),
  method('recycle', (ibuf) => {
    ibuf.recycle();
    return NO_VALUES;
  }),
]);

export function createBufferLibrary(foreign: ForeignFunctions): LuaTable {
  const library = new LuaTable();
  library.setString('READAHEAD', READAHEAD);
  library.setString('IBUF_SHARED', new IbufObject(READAHEAD));
  for (const name of ['reg1', 'reg2']) library.setString(name, foreign.create('union c_register'));
  library.setString('reg_array', foreign.create('union c_register[?]', 2));
  library.setString(
    'ibuf',
    plainFunction((size) => {
      if (size !== undefined && typeof size !== 'number') throw libraryError('Usage: ibuf([size])');
      const ibuf = new IbufObject(READAHEAD);
      if (size !== undefined) ibuf.reserve(size);
      return ibuf;
    }),
  );
  library.setString(
    'static_alloc',
    plainFunction((type, count) => asPointer(foreign.create(`${String(type)}[?]`, count ?? 1)) ?? undefined),
  );
  return library;
}

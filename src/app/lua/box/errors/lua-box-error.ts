/**
 * Errors as Lua sees them: cdata with fields, one object for each BoxError, so that an error that comes back is equal to
 * itself. `set_prev` changes the object, not the BoxError; `toBoxError` gives one with the causes as they are now.
 */
import { BoxError, type BoxErrorType, writeByteText } from '../../../../base/index.ts';
import type { ByteWriter } from '../../../../base/index.ts';
import { ErrorStack, writeErrorStack, writeStringHeader } from '../../../../codec/msgpack/index.ts';
import { LuaError, runtimeError } from '../../runtime/errors.ts';
import { LuaTable } from '../../runtime/table.ts';
import { LuaCdata, type LuaFunction, type LuaValue, type SerializedCdata } from '../../runtime/values.ts';
import { byteStringOf } from '../byte-strings.ts';

/** Where an error was made. */
export type ErrorPlace = Readonly<{ file: string; line: number }>;

/** Errors of these kinds have no number for Lua, whatever the wire says. */
const NUMBERLESS: readonly BoxErrorType[] = [
  'LuajitError',
  'SystemError',
  'SocketError',
  'OutOfMemory',
  'TimedOut',
  'IllegalParams',
  'FiberIsCancelled',
];
const WITH_ERRNO: readonly BoxErrorType[] = ['SystemError', 'SocketError', 'OutOfMemory', 'TimedOut'];

const UNKNOWN_PLACE: ErrorPlace = { file: 'builtin', line: 0 };

/** Methods of all errors; the library fills them in. */
export type ErrorMethods = ReadonlyMap<string, LuaFunction>;

export class LuaBoxError extends LuaCdata {
  override readonly typeName = 'const struct error';
  readonly error: BoxError;
  readonly place: ErrorPlace;
  previous: LuaBoxError | null;
  readonly #methods: ErrorMethods;

  constructor(error: BoxError, previous: LuaBoxError | null, place: ErrorPlace | null, methods: ErrorMethods) {
    super();
    this.error = error;
    this.previous = previous;
    this.place = place ?? UNKNOWN_PLACE;
    this.#methods = methods;
  }

  get message(): string {
    return byteStringOf(this.error.message);
  }

  get customType(): string | undefined {
    return this.error.type === 'CustomError' ? byteStringOf(this.error.fields?.['custom_type'] ?? '') : undefined;
  }

  override toText(): string {
    return this.message;
  }

  override index(key: LuaValue): LuaValue {
    const { error } = this;
    switch (key) {
      case 'type':
        return this.customType ?? error.type;
      case 'base_type':
        return error.type;
      case 'code':
        return NUMBERLESS.includes(error.type) ? undefined : error.code;
      case 'message':
        return this.message;
      case 'trace':
        return this.trace();
      case 'prev':
        return this.previous ?? undefined;
      case 'errno':
        return WITH_ERRNO.includes(error.type) ? error.errno : undefined;
      case 'custom_type':
        return this.customType;
      default:
        return typeof key === 'string' ? (this.#detail(key) ?? this.#methods.get(key)) : undefined;
    }
  }

  /** What errors of some types carry beside: of a refusal, the object and the right. */
  #detail(name: string): string | undefined {
    const { fields, type } = this.error;
    const text = type === 'CustomError' ? undefined : fields?.[name];
    return text === undefined ? undefined : byteStringOf(text);
  }

  override setIndex(): void {
    throw runtimeError('attempt to write to constant location');
  }

  override equals(other: LuaValue): boolean | undefined {
    return other instanceof LuaBoxError ? other === this : undefined;
  }

  /** As text, which is what serializers make of an error that is no value of its own. */
  override writeMsgpack(writer: ByteWriter): boolean {
    const { message } = this;
    writeStringHeader(writer, message.length);
    writeByteText(writer, message);
    return true;
  }

  /** As a value of its own, for sessions that have asked for it. */
  writeAsExtension(writer: ByteWriter, scratch: ByteWriter): void {
    writeErrorStack(writer, ErrorStack.of(this.toBoxError(), this.place.file, this.place.line), scratch);
  }

  override serialized(): SerializedCdata {
    return { value: this.message };
  }

  trace(): LuaTable {
    const entry = new LuaTable();
    entry.setString('file', this.place.file);
    entry.setString('line', this.place.line);
    return new LuaTable([entry]);
  }

  /** All fields as a table. */
  unpack(): LuaTable {
    const table = new LuaTable();
    for (const name of ['type', 'base_type', 'code', 'message', 'trace', 'prev', 'errno', 'custom_type']) {
      table.setString(name, this.index(name));
    }
    for (const name of Object.keys(this.error.fields ?? {})) table.setString(name, this.index(name));
    return table;
  }

  toBoxError(): BoxError {
    const { error, previous } = this;
    const cause = previous?.toBoxError() ?? null;
    if (cause === error.previous) return error;
    return new BoxError(error.code, error.message, {
      type: error.type,
      errno: error.errno,
      ...(error.fields === null ? {} : { fields: error.fields }),
      ...(cause === null ? {} : { cause }),
    });
  }
}

/** The number of Lua's own errors on the wire. */
const PROC_LUA = 32;

/** What the caller of a Lua function gets for whatever left it. `show` makes text of a value that is no string. */
export function toBoxError(error: unknown, show: (value: LuaValue) => string): BoxError | null {
  if (error instanceof BoxError) return error;
  if (!(error instanceof LuaError)) return null;
  if (error.value instanceof LuaBoxError) return error.value.toBoxError();
  return new BoxError(PROC_LUA, show(error.value), { type: 'LuajitError' });
}

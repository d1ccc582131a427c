/**
 * The library `ffi`, as far as values need it: types, values in memory, and metatables of types. Functions of C can be
 * declared, but there is no C to call: a call fails and names the function.
 */
import { byteTextOf } from '../../../base/index.ts';
import { checkString } from '../runtime/arguments.ts';
import { ArgumentError, runtimeError } from '../runtime/errors.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable } from '../runtime/table.ts';
import { typeForMessage } from '../runtime/types.ts';
import {
  firstOf,
  LuaCdata,
  LuaFunction,
  LuaUserdata,
  type LuaResult,
  type LuaValue,
  NO_VALUES,
  plainFunction,
} from '../runtime/values.ts';
import { serializerOf } from '../values/serializer.ts';
import { CParser, Declarations, parseType } from './c-parser.ts';
import {
  alignmentOf,
  C_INT64,
  C_UINT64,
  type CStructure,
  type CType,
  fieldOf,
  isSameType,
  pointerTo,
  sizeOf,
  C_VOID,
} from './c-types.ts';
import { CScalar } from './c-scalar.ts';
import { asPointer, CObject, CPointer } from './c-values.ts';
import { convertValue, createValue } from './creation.ts';
import type { Memory } from './memory.ts';
import { Integer64 } from './numbers.ts';
import { CTypeValue } from './type-value.ts';

/** What functions of the host return values through. */
const REGISTER = `union c_register {
  size_t s; unsigned char uc; uint32_t ui32; uint64_t ui64; int32_t i32; int64_t i64; int i; bool b; const char *cs; void *vp;
};`;

export class ForeignFunctions {
  readonly declarations = new Declarations();
  readonly #runtime: LuaRuntime;
  readonly #create: LuaFunction;
  /** Types whose values have classes of their own here: by the name that the class gives. */
  readonly #hostTypes = new Map<string, CType>();

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
    for (const name of HOST_SIZES.keys()) this.declarations.structures.set(name, opaqueStructure(name));
    this.declarations.types.set('decimal_t', this.#hostType('struct 114'));
    this.declarations.types.set('box_tuple_t', this.#hostType('struct tuple'));
    this.declare(REGISTER);
    this.#create = plainFunction((ctype, ...values) => this.#new(this.#type(ctype), values));
  }

  /** A value of a type that is named as programs name it. */
  create(type: string, ...values: LuaValue[]): LuaValue {
    return createValue(this.#type(type), values);
  }

  /** Takes declarations in. */
  declare(source: string): void {
    new CParser(this.declarations, source).declareAll();
  }

  library(): LuaTable {
    const library = new LuaTable();
    const functions: Readonly<Record<string, LuaFunction>> = {
      cdef: plainFunction((...values) => {
        this.declare(checkString(values, 1));
        return NO_VALUES;
      }),
      new: plainFunction((ctype, ...values) => this.#new(this.#type(ctype), values)),
      typeof: plainFunction((ctype, ...parameters) => new CTypeValue(this.#type(ctype, parameters), this.#create)),
      cast: plainFunction((ctype, value) => convertValue(this.#type(ctype), value, true)),
      istype: plainFunction((ctype, value) => this.#isType(this.#type(ctype), value)),
      metatype: plainFunction((ctype, metatable) => this.#metatype(this.#type(ctype), metatable)),
      gc: plainFunction((value) => value),
      load: plainFunction((name) => {
        throw runtimeError(`lib${String(name)}.so: cannot open shared object file: No such file or directory`);
      }),
      errno: plainFunction(() => 0),
      abi: plainFunction((name) => name === '64bit' || name === 'le' || name === 'fpu' || name === 'hardfp'),
      ...this.#measures(),
      ...memoryFunctions(),
    };
    for (const [name, code] of Object.entries(functions)) library.setString(name, code);
    library.setString('os', 'Linux');
    library.setString('arch', 'x64');
    library.setString('C', this.#namespace());
    return library;
  }

  #measures(): Record<string, LuaFunction> {
    return {
      sizeof: plainFunction((ctype, count) => {
        if (ctype instanceof CObject) return ctype.sizeBytes;
        const type = this.#type(ctype);
        if (type.kind === 'array' && type.length === 'variable') {
          if (count === undefined) throw new ArgumentError(2, 'value expected');
          return Number(count) * (sizeOf(type.item) ?? 0);
        }
        return sizeOf(type) ?? undefined;
      }),
      alignof: plainFunction((ctype) => alignmentOf(this.#type(ctype))),
      offsetof: plainFunction((ctype, name) => {
        const type = this.#type(ctype);
        const field = type.kind === 'struct' && typeof name === 'string' ? fieldOf(type, name) : null;
        if (field === null) return undefined;
        return field.bits === null ? field.offset : [field.offset, field.bits.start, field.bits.count];
      }),
    };
  }

  /** A type by its text, a type as a value, or the type of a value. */
  #type(source: LuaValue, parameters: readonly LuaValue[] = []): CType {
    if (source instanceof CTypeValue) return source.type;
    if (typeof source === 'string' || typeof source === 'number') {
      const types = parameters.map((parameter) => this.#parameter(parameter));
      const type = parseType(this.declarations, substituted(String(source), parameters), types);
      if (type.kind === 'struct' && type.fields === null && !this.declarations.structures.has(type.name)) {
        throw runtimeError(`undeclared or implicit tag '${type.name}'`);
      }
      return type;
    }
    if (source instanceof LuaCdata) return this.#typeOf(source);
    const got = source === undefined ? 'no value' : typeForMessage(source);
    throw new ArgumentError(1, `C type expected, got ${got}`);
  }

  #parameter(value: LuaValue): CType {
    return typeof value === 'number' ? C_VOID : this.#type(value);
  }

  #typeOf(value: LuaCdata): CType {
    if (value instanceof Integer64) return value.isUnsigned ? C_UINT64 : C_INT64;
    if (value instanceof CScalar) return value.type;
    if (value instanceof CPointer) return value.type;
    if (value instanceof CObject) return value.isPart ? pointerTo(value.type, true) : value.type;
    if (value.isNull) return pointerTo(C_VOID);
    return this.#hostType(value.typeName);
  }

  /** The type of a value whose class is not C's: known by its name only. */
  #hostType(name: string): CType {
    const known = this.#hostTypes.get(name);
    if (known !== undefined) return known;
    const match = /^(?:const )?(?:struct|union) (\w+)/.exec(name);
    const structName = match?.[1] ?? name;
    const structure = this.declarations.structures.get(structName) ?? opaqueStructure(structName);
    this.declarations.structures.set(structName, structure);
    const type: CType = name.endsWith('&') ? pointerTo(structure, true) : structure;
    this.#hostTypes.set(name, type);
    return type;
  }

  #new(type: CType, values: readonly LuaValue[]): LuaValue {
    return createValue(type, values);
  }

  #isType(type: CType, value: LuaValue): boolean {
    if (!(value instanceof LuaCdata) || value instanceof CTypeValue) return false;
    let own = this.#typeOf(value);
    if (own.kind === 'pointer' && own.isReference) own = own.target;
    if (isSameType(type, own)) return true;
    // A structure also stands for a pointer to it.
    return type.kind === 'struct' && own.kind === 'pointer' && own.target === type;
  }

  #metatype(type: CType, metatable: LuaValue): LuaValue {
    if (type.kind !== 'struct') throw new ArgumentError(1, 'invalid C type');
    if (!(metatable instanceof LuaTable))
      throw new ArgumentError(2, `table expected, got ${typeForMessage(metatable)}`);
    if (type.metatable !== null) throw runtimeError('cannot change a protected metatable');
    const serializer = serializerOf(this.#runtime);
    type.metatable = metatable;
    type.call = (handler, values) => firstOf(serializer.callNow(handler, values));
    const constructor = metatable.getString('__new');
    if (constructor instanceof LuaFunction) return new CTypeValue(type, constructor);
    return new CTypeValue(type, this.#create);
  }

  /** `ffi.C`: constants, and functions that fail when they are called. */
  #namespace(): LuaUserdata {
    const metatable = new LuaTable();
    metatable.setString(
      '__index',
      plainFunction((_namespace, key): LuaResult => {
        const name = String(key);
        const constant = this.declarations.constants.get(name);
        if (constant !== undefined) return constant;
        if (!this.declarations.functions.has(name)) throw runtimeError(`missing declaration for symbol '${name}'`);
        return plainFunction(() => {
          throw runtimeError(`cannot call C function '${name}'`);
        });
      }),
    );
    metatable.setString('__metatable', 'ffi');
    return new LuaUserdata({}, metatable);
  }
}

/** Sizes of the structures behind values of other classes. */
const HOST_SIZES: ReadonlyMap<string, number> = new Map([
  ['tt_uuid', 16],
  ['ibuf', 48],
  ['tuple', 10],
  ['error', 0],
  ['114', 36],
]);

function opaqueStructure(name: string): CStructure {
  const sizeBytes = HOST_SIZES.get(name) ?? 0;
  return { kind: 'struct', isUnion: false, name, fields: [], sizeBytes, alignment: 1, metatable: null, call: null };
}

/** `$` for a number is written as the number. */
function substituted(source: string, parameters: readonly LuaValue[]): string {
  let next = 0;
  return source.replace(/\$/g, () => {
    const parameter = parameters[next++];
    return typeof parameter === 'number' ? String(parameter) : '$';
  });
}

function memoryFunctions(): Record<string, LuaFunction> {
  return {
    string: plainFunction((source, length) => textAt(source, length)),
    copy: plainFunction((target, source, length) => {
      const to = placeOf(target, 1);
      const from = typeof source === 'string' ? source : placeOf(source, 2);
      if (typeof from === 'string') {
        const count = length === undefined ? from.length + 1 : Number(length);
        for (let index = 0; index < count; index++) {
          to.memory.bytes[to.offset + index] = index < from.length ? from.charCodeAt(index) : 0;
        }
        return NO_VALUES;
      }
      const count = typeof length === 'number' ? length : Number(length instanceof Integer64 ? length.value : 0);
      to.memory.bytes.set(from.memory.bytes.subarray(from.offset, from.offset + count), to.offset);
      return NO_VALUES;
    }),
    fill: plainFunction((target, length, value) => {
      const { memory, offset } = placeOf(target, 1);
      memory.bytes.fill(Number(value ?? 0), offset, offset + Number(length));
      return NO_VALUES;
    }),
  };
}

/** Up to the zero byte if there is no length. */
function textAt(source: LuaValue, length: LuaValue): string {
  if (typeof source === 'string') return length === undefined ? source : source.slice(0, Number(length));
  const pointer = source instanceof LuaCdata ? asPointer(source) : null;
  if (pointer?.memory === undefined || pointer.memory === null) throw notText(source);
  const { memory, offset } = pointer;
  if (length === undefined && sizeOf(pointer.type.target) !== 1) throw notText(source);
  if (length !== undefined)
    return byteTextOf(memory.bytes, offset, offset + Number(length instanceof LuaCdata ? length.toNumber() : length));
  const end = memory.bytes.indexOf(0, offset);
  return byteTextOf(memory.bytes, offset, end < 0 ? memory.bytes.length : end);
}

function notText(source: LuaValue): Error {
  const name = source instanceof LuaCdata ? typeForMessage(source) : `'${typeForMessage(source)}'`;
  return new ArgumentError(1, `cannot convert ${name} to 'const char *'`);
}

function placeOf(value: LuaValue, argument: number): { memory: Memory; offset: number } {
  if (value instanceof CObject) return value;
  const pointer = asPointer(value);
  if (pointer !== null && pointer.memory !== null) return { memory: pointer.memory, offset: pointer.offset };
  const name = value instanceof LuaCdata ? typeForMessage(value) : `'${typeForMessage(value)}'`;
  throw new ArgumentError(argument, `cannot convert ${name} to '${argument === 1 ? '' : 'const '}void *'`);
}

/** Types of C as far as values need them, with the sizes and the names that LuaJIT gives them on x86-64. */
import type { LuaTable } from '../runtime/table.ts';
import type { LuaFunction, LuaValue } from '../runtime/values.ts';

export type CType = CVoid | CNumber | CEnum | CPointerType | CArray | CStructure | CFunctionType;

export type CVoid = Readonly<{ kind: 'void'; isConst: boolean }>;

export type CNumber = Readonly<{
  kind: 'number';
  /** As LuaJIT prints it. */
  name: string;
  format: 'bool' | 'integer' | 'float';
  sizeBytes: 1 | 2 | 4 | 8;
  isUnsigned: boolean;
  isConst: boolean;
}>;

export type CEnum = Readonly<{ kind: 'enum'; name: string; constants: ReadonlyMap<string, number>; isConst: boolean }>;

export type CPointerType = Readonly<{ kind: 'pointer'; target: CType; isReference: boolean; isConst: boolean }>;

export type CArray = Readonly<{
  kind: 'array';
  item: CType;
  /** 'variable' for `[?]`, 'open' for `[]`. */
  length: number | 'variable' | 'open';
}>;

export type CField = Readonly<{
  /** '' for a structure inside whose fields count as the outer one's. */
  name: string;
  type: CType;
  offset: number;
  /** Of a field of bits: its place and width in the number at `offset`. */
  bits: Readonly<{ start: number; count: number }> | null;
}>;

/** One object for each declared structure; its fields are known once it is defined. */
export type CStructure = {
  readonly kind: 'struct';
  readonly isUnion: boolean;
  /** Without `struct`; a number for one that has none. */
  readonly name: string;
  fields: readonly CField[] | null;
  sizeBytes: number;
  alignment: number;
  /** Set by `ffi.metatype`. */
  metatable: LuaTable | null;
  /** Calls a function of the metatable from where nothing may wait. */
  call: ((handler: LuaFunction, values: LuaValue[]) => LuaValue) | null;
};

export type CFunctionType = Readonly<{ kind: 'function'; result: CType; parameters: readonly CType[] }>;

const POINTER_BYTES = 8;

function number(name: string, format: CNumber['format'], sizeBytes: CNumber['sizeBytes'], isUnsigned = false): CNumber {
  return { kind: 'number', name, format, sizeBytes, isUnsigned, isConst: false };
}

export const C_VOID: CVoid = { kind: 'void', isConst: false };
export const C_CHAR = number('char', 'integer', 1);
export const C_INT = number('int', 'integer', 4);
export const C_INT64 = number('int64_t', 'integer', 8);
export const C_UINT64 = number('uint64_t', 'integer', 8, true);
export const C_DOUBLE = number('double', 'float', 8);
export const C_BOOL = number('bool', 'bool', 1, true);

const UINT8 = number('unsigned char', 'integer', 1, true);
const INT16 = number('short', 'integer', 2);
const UINT16 = number('unsigned short', 'integer', 2, true);
const UINT32 = number('unsigned int', 'integer', 4, true);
const FLOAT = number('float', 'float', 4);

/** Types that need no declaration; words are sorted, as their order means nothing. */
export const NAMED_TYPES: ReadonlyMap<string, CType> = new Map<string, CType>([
  ['void', C_VOID],
  ['bool', C_BOOL],
  ['_Bool', C_BOOL],
  ['char', C_CHAR],
  ['char signed', C_CHAR],
  ['char unsigned', UINT8],
  ['short', INT16],
  ['int short', INT16],
  ['short signed', INT16],
  ['short unsigned', UINT16],
  ['int short unsigned', UINT16],
  ['int', C_INT],
  ['signed', C_INT],
  ['int signed', C_INT],
  ['unsigned', UINT32],
  ['int unsigned', UINT32],
  ['long', C_INT64],
  ['int long', C_INT64],
  ['long signed', C_INT64],
  ['long long', C_INT64],
  ['int long long', C_INT64],
  ['long unsigned', C_UINT64],
  ['int long unsigned', C_UINT64],
  ['long long signed', C_INT64],
  ['int long signed', C_INT64],
  ['int long long signed', C_INT64],
  ['long long unsigned', C_UINT64],
  ['int long long unsigned', C_UINT64],
  ['int short signed', INT16],
  ['float', FLOAT],
  ['double', C_DOUBLE],
  ['int8_t', C_CHAR],
  ['uint8_t', UINT8],
  ['int16_t', INT16],
  ['uint16_t', UINT16],
  ['int32_t', C_INT],
  ['uint32_t', UINT32],
  ['int64_t', C_INT64],
  ['uint64_t', C_UINT64],
  ['size_t', C_UINT64],
  ['ssize_t', C_INT64],
  ['ptrdiff_t', C_INT64],
  ['intptr_t', C_INT64],
  ['uintptr_t', C_UINT64],
  ['time_t', C_INT64],
  ['off_t', C_INT64],
  ['pid_t', C_INT],
  ['va_list', C_VOID],
]);

export function pointerTo(target: CType, isReference = false): CPointerType {
  return { kind: 'pointer', target, isReference, isConst: false };
}

/** Bytes of a value, null where they are not known. */
export function sizeOf(type: CType): number | null {
  switch (type.kind) {
    case 'void':
    case 'function':
      return null;
    case 'number':
      return type.sizeBytes;
    case 'enum':
      return 4;
    case 'pointer':
      return type.isReference ? sizeOf(type.target) : POINTER_BYTES;
    case 'struct':
      return type.fields === null ? null : type.sizeBytes;
    case 'array': {
      const item = sizeOf(type.item);
      return item === null || typeof type.length !== 'number' ? null : item * type.length;
    }
  }
}

export function alignmentOf(type: CType): number {
  switch (type.kind) {
    case 'void':
    case 'function':
      return 1;
    case 'number':
      return type.sizeBytes;
    case 'enum':
      return 4;
    case 'pointer':
      return POINTER_BYTES;
    case 'struct':
      return type.alignment;
    case 'array':
      return alignmentOf(type.item);
  }
}

/** As LuaJIT prints a type. */
export function typeName(type: CType, declarator = ''): string {
  switch (type.kind) {
    case 'void':
      return constant(type) + joined('void', declarator);
    case 'number':
      return constant(type) + joined(type.name, declarator);
    case 'enum':
      return constant(type) + joined(`enum ${type.name}`, declarator);
    case 'struct':
      return joined(`${type.isUnion ? 'union' : 'struct'} ${type.name}`, declarator);
    case 'pointer': {
      const mark = type.isReference ? '&' : '*';
      const inner = `${mark}${type.isConst ? 'const' : ''}${declarator}`;
      const isGrouped = type.target.kind === 'array' || type.target.kind === 'function';
      return typeName(type.target, isGrouped ? `(${inner})` : inner);
    }
    case 'array': {
      const length = type.length === 'variable' ? '?' : type.length === 'open' ? '' : String(type.length);
      return typeName(type.item, `${declarator}[${length}]`);
    }
    case 'function':
      return typeName(type.result, `${declarator}()`);
  }
}

function constant({ isConst }: Readonly<{ isConst: boolean }>): string {
  return isConst ? 'const ' : '';
}

function joined(name: string, declarator: string): string {
  return declarator === '' ? name : `${name} ${declarator}`;
}

/** The same type for what may not be written to. */
export function asConst(type: CType): CType {
  switch (type.kind) {
    case 'void':
    case 'number':
    case 'enum':
    case 'pointer':
      return { ...type, isConst: true };
    default:
      return type;
  }
}

/** Whether two types are the same; `const` counts inside pointers only if asked for. */
export function isSameType(one: CType, two: CType): boolean {
  if (one === two) return true;
  switch (one.kind) {
    case 'void':
      return two.kind === 'void';
    case 'number':
      return (
        two.kind === 'number' &&
        one.format === two.format &&
        one.sizeBytes === two.sizeBytes &&
        one.isUnsigned === two.isUnsigned
      );
    case 'enum':
      return two.kind === 'enum' && one.name === two.name;
    case 'struct':
      return false;
    case 'pointer':
      return two.kind === 'pointer' && one.isReference === two.isReference && isSameType(one.target, two.target);
    case 'array':
      return two.kind === 'array' && one.length === two.length && isSameType(one.item, two.item);
    case 'function':
      return two.kind === 'function' && isSameType(one.result, two.result);
  }
}

/** Lays fields out one behind the other, each at its alignment; those of a union all at the beginning. */
export function layOut(
  structure: CStructure,
  members: readonly Readonly<{ name: string; type: CType; bits: number | null }>[],
): void {
  const fields: CField[] = [];
  let size = 0;
  let end = 0;
  let alignment = 1;
  let bit = 0;
  for (const { name, type, bits } of members) {
    const bytes = sizeOf(type) ?? 0;
    const own = alignmentOf(type);
    alignment = Math.max(alignment, own);
    if (bits !== null) {
      const unit = bytes * 8;
      if (
        bits === 0 ||
        bit === 0 ||
        bit % unit === 0 ||
        Math.floor((bit + bits - 1) / unit) !== Math.floor(bit / unit)
      ) {
        bit = Math.max(bit, end * 8);
        if (bits === 0 || (bit % unit) + bits > unit) bit = Math.ceil(bit / unit) * unit;
      }
      const place = structure.isUnion ? 0 : bit;
      const offset = Math.floor(place / unit) * bytes;
      if (bits > 0) fields.push({ name, type, offset, bits: { start: place - offset * 8, count: bits } });
      bit = place + bits;
      end = structure.isUnion ? 0 : Math.ceil(bit / 8);
      size = Math.max(size, offset + bytes, end);
      continue;
    }
    const offset = structure.isUnion ? 0 : Math.ceil(end / own) * own;
    fields.push({ name, type, offset, bits: null });
    end = offset + bytes;
    bit = end * 8;
    size = Math.max(size, end);
  }
  structure.fields = fields;
  structure.alignment = alignment;
  structure.sizeBytes = Math.ceil(size / alignment) * alignment;
}

/** The field with its offset from the outermost structure; null if there is none. */
export function fieldOf(structure: CStructure, name: string): CField | null {
  for (const field of structure.fields ?? []) {
    if (field.name === name) return field;
    if (field.name === '' && field.type.kind === 'struct') {
      const inner = fieldOf(field.type, name);
      if (inner !== null) return { ...inner, offset: field.offset + inner.offset };
    }
  }
  return null;
}

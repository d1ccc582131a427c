/** A C type as a value: what `ffi.typeof` gives. Calling it makes a value of the type. */
import { LuaCdata, type LuaFunction, type LuaValue } from '../runtime/values.ts';
import { type CType, isSameType, typeName } from './c-types.ts';

export class CTypeValue extends LuaCdata {
  override readonly typeName: string;
  readonly type: CType;
  readonly #create: LuaFunction;

  /** `create(ctype, ...)` is `ffi.new`. */
  constructor(type: CType, create: LuaFunction) {
    super();
    this.type = type;
    this.typeName = 'ctype';
    this.#create = create;
  }

  override toText(): string {
    return `ctype<${typeName(this.type)}>`;
  }

  override equals(other: LuaValue): boolean | undefined {
    return other instanceof CTypeValue ? isSameType(other.type, this.type) : undefined;
  }

  override get callee(): LuaFunction {
    return this.#create;
  }
}

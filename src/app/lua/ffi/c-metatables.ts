/** What `ffi.metatype` gives to a type. */
import { LuaFunction, type LuaCdata, type LuaValue } from '../runtime/values.ts';
import type { CType } from './c-types.ts';

export type StructureHandler = Readonly<{ handler: LuaFunction; call: (...values: LuaValue[]) => LuaValue }>;

/** What a type's metatable has for an event; null if nothing. */
export function structureHandler(type: CType, event: string): StructureHandler | null {
  if (type.kind !== 'struct' || type.metatable === null || type.call === null) return null;
  const handler = type.metatable.getString(event);
  const { call } = type;
  if (!(handler instanceof LuaFunction)) return null;
  return { handler, call: (...values) => call(handler, values) };
}

export function structureText(type: CType, value: LuaCdata): string | null {
  const handler = structureHandler(type, '__tostring');
  const text = handler?.call(value);
  return typeof text === 'string' ? text : null;
}

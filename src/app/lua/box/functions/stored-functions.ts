/**
 * The bodies of rows of `_func` in Lua: compiled when the row comes, called by name, and as key functions of functional
 * indexes. A sandboxed body sees copies of the harmless libraries and nothing else.
 */
import { boxError } from '../../../../base/index.ts';
import type { FunctionDefinition, FunctionRuntime, RawKeyFunction } from '../../../../engine/catalog/index.ts';
import { LuaSyntaxError } from '../../compiler/lexer.ts';
import { LuaTable } from '../../runtime/table.ts';
import { allOf, firstOf, LuaFunction, type LuaValue } from '../../runtime/values.ts';
import { byteStringOf, textOf } from '../byte-strings.ts';
import type { BoxFoundation } from '../foundation.ts';

const SANDBOX_FUNCTIONS = [
  'assert',
  'error',
  'ipairs',
  'next',
  'pairs',
  'pcall',
  'print',
  'select',
  'tonumber',
  'tostring',
  'type',
  'unpack',
  'xpcall',
];
const SANDBOX_LIBRARIES = ['math', 'string', 'table', 'utf8'];

/** As messages name a C++ or Lua body that is none. */
const NO_FUNCTION = "given body doesn't define a function";

type Loaded = Readonly<{ body: string; isSandboxed: boolean; code: LuaFunction }>;

export class StoredFunctions implements FunctionRuntime {
  readonly #foundation: BoxFoundation;
  readonly #loaded = new Map<number, Loaded>();

  constructor(foundation: BoxFoundation) {
    this.#foundation = foundation;
  }

  /** Throws LOAD_FUNCTION (99). */
  load(definition: FunctionDefinition): void {
    if (definition.language === 'LUA' && definition.body !== null) this.code(definition);
  }

  unload(id: number): void {
    this.#loaded.delete(id);
  }

  /** The compiled body; null for a function that is found by its name. Throws LOAD_FUNCTION (99). */
  code({ id, name, body, language, isSandboxed }: FunctionDefinition): LuaFunction | null {
    if (language !== 'LUA' || body === null) return null;
    const known = this.#loaded.get(id);
    if (known !== undefined && known.body === body && known.isSandboxed === isSandboxed) return known.code;
    const code = this.#compile(name, byteStringOf(body), isSandboxed);
    this.#loaded.set(id, { body, isSandboxed, code });
    return code;
  }

  /** null for a function without a body: an index by it cannot be served. */
  compileKeyFunction(definition: FunctionDefinition): RawKeyFunction | null {
    const code = this.code(definition);
    if (code === null) return null;
    const { codec, factory } = this.#foundation;
    return (bytes) => {
      const tuple = factory.copy(bytes, 0, bytes.length, null);
      const values = allOf(this.#foundation.runNow(code, [tuple]));
      if (values.length !== 1) return null;
      const writer = this.#foundation.borrow();
      try {
        codec.write(writer, values[0]);
        return writer.toBytes();
      } finally {
        this.#foundation.giveBack(writer);
      }
    };
  }

  #compile(name: string, body: string, isSandboxed: boolean): LuaFunction {
    const { machine } = this.#foundation;
    const source = `return ${body}`;
    const environment = isSandboxed ? this.#sandbox() : machine.state.globals;
    let result: LuaValue;
    try {
      result = firstOf(this.#foundation.runNow(machine.state.loader.load(source, source, environment), []));
    } catch (error) {
      if (error instanceof LuaSyntaxError) throw boxError('LOAD_FUNCTION', name, textOf(error.message));
      throw boxError('LOAD_FUNCTION', name, error instanceof Error ? error.message : String(error));
    }
    if (!(result instanceof LuaFunction)) throw boxError('LOAD_FUNCTION', name, NO_FUNCTION);
    return result;
  }

  #sandbox(): LuaTable {
    const { globals } = this.#foundation.machine.state;
    const sandbox = new LuaTable();
    for (const name of SANDBOX_FUNCTIONS) sandbox.setString(name, globals.getString(name));
    for (const name of SANDBOX_LIBRARIES) {
      const library = globals.getString(name);
      if (!(library instanceof LuaTable)) continue;
      const copy = new LuaTable();
      for (let entry = library.next(undefined); entry !== null && entry !== undefined; entry = library.next(entry[0])) {
        copy.set(entry[0], entry[1]);
      }
      sandbox.setString(name, copy);
    }
    return sandbox;
  }
}

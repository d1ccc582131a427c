/** From Lua's text to a function: parses, generates, compiles, and gives the code what it needs of the runtime. */
import { finishTailCalls, TailCall } from './calls.ts';
import { generateCode } from '../compiler/statement-generator.ts';
import { parseChunk } from '../compiler/parser.ts';
import { ImaginaryNumber, Integer64 } from '../ffi/numbers.ts';

import { checkKey, equalsPrimitive, forNumber, type LuaRuntime, modulo, power, tableOfFields } from './runtime.ts';
import { type ChunkInformation, registerChunk, SCRIPT_PREFIX } from './stack.ts';
import { LuaTable } from './table.ts';
import { IpairsCursor, PairsCursor, type TableCursor } from './traversal.ts';
import { allOf, LuaFunction, type LuaValue, NO_VALUES, type SuspendableCode } from './values.ts';

/** Compiles the text of a JavaScript expression; frames of its stack bear the name. */
export type ScriptCompiler = (source: string, name: string) => unknown;

/** The functions behind `pairs` and `ipairs`, which `for` knows without calling them. */
export type Iterators = Readonly<{ next: LuaFunction; ipairs: LuaFunction }>;

let nextScript = 0;

export class ChunkLoader {
  readonly #compile: ScriptCompiler;
  readonly #support: Readonly<Record<string, unknown>>;
  readonly #names: readonly string[];

  constructor(runtime: LuaRuntime, iterators: Iterators, compile: ScriptCompiler) {
    this.#compile = compile;
    this.#support = supportOf(runtime, iterators);
    this.#names = Object.keys(this.#support);
  }

  /**
   * The chunk as a function. `chunkName` as Lua has it: `@file`, `=name`, or the text itself. Throws LuaSyntaxError.
   */
  load(source: string, chunkName: string, environment: LuaTable): LuaFunction {
    const shortName = shortNameOf(chunkName);
    const asksForLevels = ASKS_FOR_LEVELS.test(source);
    const generated = generateCode(parseChunk(source, shortName), { runtimeNames: this.#names, asksForLevels });
    const scriptName = `${SCRIPT_PREFIX}${nextScript++}`;
    const chunk: ChunkInformation = {
      shortName,
      source: chunkName,
      callSites: generated.callSites,
      definitions: generated.definitions,
      entered: {},
    };
    registerChunk(scriptName, chunk);
    const create = this.#compile(generated.source, scriptName) as (
      support: Readonly<Record<string, unknown>>,
    ) => (environment: LuaTable, chunk: ChunkInformation) => LuaFunction;
    return create(this.#support)(environment, chunk);
  }
}

/** Whether a program may ask which function runs at a level of the stack: then each function says so when it begins. */
const ASKS_FOR_LEVELS = /\b(?:[gs]etfenv|module|debug)\b/;

const SHORT_NAME_MAX = 60;

/** As messages show a chunk: a file's name, or the first line of the text. */
export function shortNameOf(chunkName: string): string {
  if (chunkName.startsWith('=')) return chunkName.slice(1, SHORT_NAME_MAX);
  if (chunkName.startsWith('@')) {
    const name = chunkName.slice(1);
    return name.length < SHORT_NAME_MAX ? name : `...${name.slice(name.length - (SHORT_NAME_MAX - 4))}`;
  }
  const end = chunkName.search(/[\r\n]/);
  const room = SHORT_NAME_MAX - '[string "..."]'.length - 1;
  const line = end < 0 ? chunkName : chunkName.slice(0, end);
  const isCut = end >= 0 || line.length > room + 3;
  return `[string "${isCut ? `${line.slice(0, room)}...` : line}"]`;
}

const GENERATOR_PROTOTYPE: unknown = Object.getPrototypeOf(function* () {
  yield undefined;
}).prototype;

/** What generated code takes by name; compiler/ uses the names. */
function supportOf(runtime: LuaRuntime, iterators: Iterators): Readonly<Record<string, unknown>> {
  const createFunction = (code: SuspendableCode, environment: LuaTable, chunk: ChunkInformation): LuaFunction => {
    // Else each closure's first call makes a prototype for its generators, which costs more than the call.
    code.prototype = GENERATOR_PROTOTYPE;
    return new LuaFunction(null, code, environment, chunk);
  };
  // `instanceof $Function` and `$function(...)` are two things: a class cannot be called.
  return {
    $budget: runtime.budget,
    $Table: LuaTable,
    $Function: LuaFunction,
    $Tail: TailCall,
    $tail: (callee: LuaFunction, values: readonly LuaValue[]) => new TailCall(callee, values),
    $finish: finishTailCalls,
    $function: createFunction,
    $none: NO_VALUES,
    $all: allOf,
    $noteArguments: (values: readonly LuaValue[]) => {
      runtime.callerArguments = values;
    },
    $callee: runtime.callable.bind(runtime),
    $index: runtime.index.bind(runtime),
    $setIndex: runtime.setIndex.bind(runtime),
    $arithmetic: runtime.arithmetic.bind(runtime),
    $negate: (value: LuaValue, named: string) => runtime.arithmetic('unm', value, value, named, named),
    $concatenate: runtime.concatenate.bind(runtime),
    $join: runtime.join.bind(runtime),
    $length: runtime.length.bind(runtime),
    $equals: runtime.equals.bind(runtime),
    $equalsPrimitive: equalsPrimitive,
    $compare: runtime.compare.bind(runtime),
    $mod: modulo,
    $pow: power,
    $items: (items: LuaValue[]) => LuaTable.ofItems(items),
    $fields: tableOfFields,
    $forNumber: forNumber,
    $checkKey: checkKey,
    $int64: (value: bigint, isUnsigned: boolean) => new Integer64(value, isUnsigned),
    $imaginary: (value: number) => new ImaginaryNumber(value),
    $cursor: (step: LuaFunction, state: LuaValue, control: LuaValue): TableCursor | null => {
      if (!(state instanceof LuaTable)) return null;
      if (step === iterators.next && control === undefined) return new PairsCursor(state);
      return step === iterators.ipairs && control === 0 ? new IpairsCursor(state) : null;
    },
  };
}

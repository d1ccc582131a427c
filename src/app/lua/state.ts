/** One Lua state: globals, standard library, and the way from text to functions. */
import { assert, collationId } from '../../base/index.ts';
import { createCollator } from '../../tuple/index.ts';
import { installBase, createIterators } from './stdlib/base.ts';
import { createBitLibrary } from './stdlib/bit-library.ts';
import { createCoroutineLibrary } from './stdlib/coroutine.ts';
import { createDebugLibrary } from './stdlib/debug-library.ts';
import { createJitLibrary } from './stdlib/jit-library.ts';
import { createMathLibrary } from './stdlib/math-library.ts';
import { createUtf8Library, type Utf8Orders } from './stdlib/utf8-library.ts';
import { createTableLibrary } from './stdlib/table-library.ts';
import { createStringLibrary } from './stdlib/string/string-library.ts';
import { Budget } from './runtime/budget.ts';
import { ChunkLoader, type ScriptCompiler } from './runtime/chunk-loader.ts';
import { LuaRuntime } from './runtime/runtime.ts';
import { LuaTable } from './runtime/table.ts';

/** What a state needs of its host. */
export type StateHost = Readonly<{
  compileScript: ScriptCompiler;
  nowMs: () => number;
  /** Share of the heap that is used, 0 to 1. */
  heapShare: () => number;
  usedKilobytes: () => number;
  print: (line: string) => void;
  /** Bytes of a file as text. Throws LuaError. */
  readFile: (name: string) => string;
  /** Of the generator behind `math.random`. */
  randomSeed: number;
}>;

export class LuaState {
  readonly runtime: LuaRuntime;
  readonly loader: ChunkLoader;
  readonly globals = new LuaTable();
  /** `package.loaded`. */
  readonly loaded = new LuaTable();
  /** Writes what open files of `io` keep. */
  flushFiles: () => void = () => undefined;

  constructor(host: StateHost) {
    this.runtime = new LuaRuntime(new Budget(host.nowMs, host.heapShare));
    const iterators = createIterators();
    this.loader = new ChunkLoader(this.runtime, iterators, host.compileScript);
    const { print, readFile, usedKilobytes } = host;
    const { runtime, globals } = this;
    installBase({ runtime, loader: () => this.loader, globals, print, readFile, usedKilobytes }, iterators);
    this.loaded.setString('_G', globals);
    this.addLibrary('coroutine', createCoroutineLibrary(runtime));
    this.addLibrary('bit', createBitLibrary());
    this.addLibrary('debug', createDebugLibrary(runtime, globals));
    this.addLibrary('jit', createJitLibrary());
    this.addLibrary('math', createMathLibrary(host.randomSeed));
    this.addLibrary('table', createTableLibrary(runtime));
    this.addLibrary('utf8', createUtf8Library(createOrders()));
    this.addLibrary('string', createStringLibrary(runtime));
  }

  /** A library as global and as loaded package. */
  addLibrary(name: string, library: LuaTable): void {
    this.globals.setString(name, library);
    this.loaded.setString(name, library);
  }
}

/** Made when first asked for. */
function createOrders(): () => Utf8Orders {
  let orders: Utf8Orders | null = null;
  const create = (name: string, strength: string): Utf8Orders['exact'] => {
    const definition = { id: collationId(0), name, type: 'ICU', locale: '', options: { strength } } as const;
    const collator = createCollator(definition);
    assert(collator !== null, 'rules of ICU have a collator');
    return collator;
  };
  return () => (orders ??= { exact: create('unicode', 'tertiary'), caseless: create('unicode_ci', 'primary') });
}

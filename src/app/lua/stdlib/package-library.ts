/** `require`, `module` and `package`, with Tarantool's order of places and its search root. */
import { checkString, checkTable } from '../runtime/arguments.ts';
import { LuaError, runtimeError } from '../runtime/errors.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { captureFrames } from '../runtime/stack.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import {
  firstOf,
  type LuaExecution,
  LuaFunction,
  type LuaResult,
  LuaUserdata,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../runtime/values.ts';
import { LuaSyntaxError } from '../compiler/lexer.ts';

export type PackageHost = Readonly<{
  runtime: LuaRuntime;
  globals: LuaTable;
  loaded: LuaTable;
  load: (source: string, chunkName: string) => LuaFunction;
  /** Bytes as characters; null if there is no such file. */
  readFile: (path: string) => string | null;
  workingDirectory: () => string;
  /** Templates of paths, separated by semicolons. */
  path: string;
  libraryPath: string;
}>;

/** Adds `require` and `module` to the globals; gives `package`. */
export function installPackages(host: PackageHost): LuaTable {
  const packages = new Packages(host);
  host.globals.setString(
    'require',
    suspendableFunction((...values) => packages.require(checkString(values, 1))),
  );
  host.globals.setString(
    'module',
    suspendableFunction((...values) => packages.module(values)),
  );
  return packages.library;
}

/** Stands in `package.loaded` for a module that is being loaded. */
const LOADING = new LuaUserdata({}, null);

class Packages {
  readonly library: LuaTable;
  readonly #host: PackageHost;
  readonly #preload = new LuaTable();
  #searchRoot: string | null = null;

  constructor(host: PackageHost) {
    this.#host = host;
    this.library = tableOf({
      config: '/\n;\n?\n!\n-\n',
      cpath: host.libraryPath,
      path: host.path,
      loaded: host.loaded,
      preload: this.#preload,
      loaders: this.#loaders(),
      loadlib: plainFunction((...values) => {
        const path = checkString(values, 1);
        checkString(values, 2);
        if (host.readFile(path) === null) {
          return [undefined, `${path}: cannot open shared object file: No such file or directory`, 'open'];
        }
        return [undefined, `${path}: libraries of native code cannot be loaded`, 'absent'];
      }),
      search: plainFunction((...values) => this.#search(checkString(values, 1))),
      searchpath: plainFunction((...values) => searchPath(host, values)),
      searchroot: plainFunction(() => this.#root),
      seeall: plainFunction((...values) => {
        const table = checkTable(values, 1);
        table.metatable ??= new LuaTable();
        table.metatable.setString('__index', host.globals);
        return NO_VALUES;
      }),
      setsearchroot: plainFunction((root) => {
        if (root !== undefined && typeof root !== 'string') {
          throw new LuaError('builtin/tarantool.lua:69: Search root must be a string', captureFrames());
        }
        this.#searchRoot = root ?? null;
        return NO_VALUES;
      }),
    });
  }

  get #root(): string {
    return this.#searchRoot ?? this.#host.workingDirectory();
  }

  *require(name: string): LuaExecution {
    const { loaded, runtime } = this.#host;
    const known = loaded.getString(name);
    if (known === LOADING) throw runtimeError(`loop or previous error loading module '${name}'`);
    if (known !== undefined && known !== false) return known;
    const loader = yield* this.#find(name);
    loaded.setString(name, LOADING);
    const result = firstOf(yield* runtime.call(loader, [name]));
    if (result !== undefined) loaded.setString(name, result);
    else if (loaded.getString(name) === LOADING) loaded.setString(name, true);
    return loaded.getString(name);
  }

  *#find(name: string): Generator<object, LuaFunction, unknown> {
    const loaders = this.library.getString('loaders');
    if (!(loaders instanceof LuaTable)) throw runtimeError("'package.loaders' must be a table");
    let messages = '';
    for (let at = 1; ; at++) {
      const search = loaders.get(at);
      if (search === undefined) throw runtimeError(`module '${name}' not found:${messages}`);
      const result = firstOf(yield* this.#host.runtime.call(search, [name]));
      if (result instanceof LuaFunction) return result;
      if (typeof result === 'string') messages += result;
    }
  }

  #loaders(): LuaTable {
    const file = (templates: () => string): LuaFunction => plainFunction((name) => this.#loadFrom(name, templates()));
    const library = (templates: () => string): LuaFunction =>
      plainFunction((name) => this.#refuseFrom(String(name), templates()));
    const field = (name: string): string => {
      const value = this.library.getString(name);
      if (typeof value !== 'string') throw runtimeError(`'package.${name}' must be a string`);
      return value;
    };
    return new LuaTable([
      plainFunction((name) => this.#preload.get(name) ?? `\n\tno field package.preload['${String(name)}']`),
      file(() => `${this.#root}/?.lua;${this.#root}/?/init.lua`),
      library(() => `${this.#root}/?.so`),
      file(() => this.#rockTemplates('share', ['?.lua', '?/init.lua'])),
      library(() => this.#rockTemplates('lib', ['?.so'])),
      file(() => field('path')),
      library(() => field('cpath')),
      plainFunction((name) => {
        const dot = String(name).indexOf('.');
        return dot < 0 ? undefined : this.#refuseFrom(String(name).slice(0, dot), field('cpath'));
      }),
    ]);
  }

  /** Rocks of the search root and of all directories above it. */
  #rockTemplates(folder: string, endings: readonly string[]): string {
    const templates: string[] = [];
    const parts = this.#root.split('/').filter((part) => part !== '');
    for (let count = parts.length; count >= 0; count--) {
      const directory = count === 0 ? '' : `/${parts.slice(0, count).join('/')}`;
      for (const ending of endings) templates.push(`${directory}/.rocks/${folder}/tarantool/${ending}`);
    }
    return templates.join(';');
  }

  #loadFrom(name: LuaValue, templates: string): LuaValue {
    const found = find(this.#host, String(name), templates);
    if ('problem' in found) return found.problem;
    try {
      return this.#host.load(found.content, `@${found.path}`);
    } catch (error) {
      if (error instanceof LuaSyntaxError) return error.message;
      throw error;
    }
  }

  #refuseFrom(name: string, templates: string): LuaValue {
    const found = find(this.#host, name, templates);
    return 'problem' in found
      ? found.problem
      : `\n\tfile '${found.path}' is a library of native code, which cannot be loaded`;
  }

  /** Where the file is that `require` would load. */
  #search(name: string): LuaValue {
    const templates = [
      `${this.#root}/?.lua;${this.#root}/?/init.lua`,
      this.#rockTemplates('share', ['?.lua', '?/init.lua']),
      String(this.library.getString('path')),
    ];
    const found = find(this.#host, name, templates.join(';'));
    return 'problem' in found ? undefined : found.path;
  }

  *module(values: readonly LuaValue[]): LuaExecution {
    const { globals, loaded, runtime } = this.#host;
    const name = checkString(values, 1);
    let table = loaded.getString(name);
    if (!(table instanceof LuaTable)) {
      table = tableAt(globals, name);
      if (table === undefined) throw runtimeError(`name conflict for module '${name}'`);
      loaded.setString(name, table);
    }
    if (table.getString('_NAME') === undefined) {
      table.setString('_M', table);
      table.setString('_NAME', name);
      table.setString('_PACKAGE', name.slice(0, name.lastIndexOf('.') + 1));
    }
    const caller = captureFrames()[1]?.code ?? null;
    if (caller === null) throw runtimeError("'module' not called from a Lua function");
    caller.environment = table;
    for (const option of values.slice(1)) yield* runtime.call(option, [table]);
    return NO_VALUES;
  }
}

/** The table of this dotted name, made on the way; undefined if something else is there. */
function tableAt(globals: LuaTable, name: string): LuaTable | undefined {
  let table = globals;
  for (const part of name.split('.')) {
    let next = table.getString(part);
    if (next === undefined) {
      next = new LuaTable();
      table.setString(part, next);
    }
    if (!(next instanceof LuaTable)) return undefined;
    table = next;
  }
  return table;
}

type Found = Readonly<{ path: string; content: string }> | Readonly<{ problem: string }>;

function find(host: PackageHost, name: string, templates: string, separator = '.', replacement = '/'): Found {
  const fileName = separator === '' ? name : name.replaceAll(separator, replacement);
  let problem = '';
  for (const template of templates.split(';')) {
    if (template === '') continue;
    const path = template.replaceAll('?', fileName);
    const content = host.readFile(path);
    if (content !== null) return { path, content };
    problem += `\n\tno file '${path}'`;
  }
  return { problem };
}

function searchPath(host: PackageHost, values: readonly LuaValue[]): LuaResult {
  const name = checkString(values, 1);
  const templates = checkString(values, 2);
  const separator = values[2] === undefined ? '.' : checkString(values, 3);
  const replacement = values[3] === undefined ? '/' : checkString(values, 4);
  const found = find(host, name, templates, separator, replacement);
  return 'problem' in found ? [undefined, found.problem] : found.path;
}

/** Puts those of the standard libraries into a Lua state that need the system: `os`, `io`, `package`, `require`, `arg`. */
import { byteTextOf } from '../../../base/index.ts';
import type { Env } from '../../../env/index.ts';
import { FileError } from '../../../env/index.ts';
import { textOf } from '../box/byte-strings.ts';
import { LuaTable } from '../runtime/table.ts';
import { plainFunction } from '../runtime/values.ts';
import type { LuaState } from '../state.ts';
import { jitModules } from './jit-library.ts';
import { installPackages } from './package-library.ts';
import { createStrictLibrary } from './strict-library.ts';
import { createIoLibrary } from './system/io-library.ts';
import { createOsLibrary } from './system/os-library.ts';
import { ShellCommands } from './system/shell-commands.ts';
import { createTableClear } from './table-library.ts';

/** The process that the state lives in. */
export type StandardProcess = Readonly<{
  /** `arg`: the script at 0, its arguments from 1 on, before it what runs it. */
  scriptArguments: readonly string[];
  /** The command that runs scripts; null if there is none. */
  program: string | null;
  environment: Readonly<Record<string, string | undefined>>;
  /** Bytes as characters. */
  writeOutput: (text: string) => void;
  writeError: (text: string) => void;
  readInput: () => Promise<Uint8Array>;
  /** Begins to end the process. */
  exit: (code: number) => void;
}>;

type StandardEnv = Pick<Env, 'clock' | 'fileSystem' | 'process' | 'processes' | 'random'>;

export function installStandardLibraries(state: LuaState, env: StandardEnv, process: StandardProcess): void {
  const { globals, loaded, runtime } = state;
  const { clock, fileSystem, random } = env;
  const { environment, exit, program, readInput, scriptArguments, writeError, writeOutput } = process;
  const shell = new ShellCommands(env.processes);
  const runCommand = (command: string): Promise<number> => shell.run(command);
  state.addLibrary(
    'os',
    createOsLibrary({ clock, fileSystem, process: env.process, random, environment, exit, runCommand }),
  );
  const io = createIoLibrary({
    fileSystem,
    writeOutput,
    writeError,
    readInput,
    openPipe: (command, mode) => shell.open(command, mode),
    temporaryName: () => `/tmp/lua_${random.uint32().toString(36)}`,
  });
  state.addLibrary('io', io.library);
  state.flushFiles = io.flush;
  const library = installPackages({
    runtime,
    globals,
    loaded,
    load: (source, chunkName) => state.loader.load(source, chunkName, globals),
    readFile: (path) => readFile(env, path),
    workingDirectory: () => fileSystem.workingDirectory(),
    ...searchPaths(environment),
  });
  state.addLibrary('package', library);
  addModules(state, library);
  globals.setString('arg', argumentTable(program, scriptArguments));
}

function addModules({ globals, loaded }: LuaState, library: LuaTable): void {
  const [table, jit] = [globals.getString('table'), globals.getString('jit')];
  if (jit instanceof LuaTable) {
    for (const [name, module] of Object.entries(jitModules(jit))) loaded.setString(name, module);
  }
  loaded.setString('strict', createStrictLibrary(globals));
  if (!(table instanceof LuaTable)) return;
  loaded.setString('table.new', table.getString('new'));
  const preload = library.getString('preload');
  if (!(preload instanceof LuaTable)) return;
  preload.setString(
    'table.clear',
    plainFunction(() => {
      const clear = createTableClear();
      table.setString('clear', clear);
      return clear;
    }),
  );
}

function argumentTable(program: string | null, [script, ...rest]: readonly string[]): LuaTable {
  const table = new LuaTable([...rest]);
  if (program !== null) table.set(-1, program);
  table.set(0, script);
  return table;
}

/** Bytes of a file as characters; null if it is not there, or cannot be read. */
function readFile({ fileSystem }: StandardEnv, path: string): string | null {
  try {
    const file = fileSystem.open(textOf(path), 0, 0);
    try {
      const bytes = new Uint8Array(file.status().sizeBytes);
      const length = file.read(bytes, 0);
      return byteTextOf(bytes, 0, length);
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof FileError) return null;
    throw error;
  }
}

/** Where Tarantool's packages and those of LuaRocks are; `;;` in a variable stands for the standard places. */
function searchPaths(environment: StandardProcess['environment']): Readonly<{ path: string; libraryPath: string }> {
  const rocks = `${environment['HOME'] ?? ''}/.luarocks`;
  const trees = [
    '/usr/local/share/tarantool',
    '/usr/share/tarantool',
    '/usr/local/share/lua/5.1',
    '/usr/share/lua/5.1',
  ];
  const path = [`${rocks}/share/lua/5.1`, `${rocks}/share/lua`, ...trees]
    .map((tree) => `${tree}/?.lua;${tree}/?/init.lua;`)
    .join('');
  const libraryTrees = [
    ...[`${rocks}/lib/lua/5.1`, `${rocks}/lib/lua`],
    ...['/usr/local/lib/x86_64-linux-gnu/tarantool', '/usr/lib/x86_64-linux-gnu/tarantool', '/usr/local/lib/tarantool'],
    ...['/usr/local/lib/x86_64-linux-gnu/lua/5.1', '/usr/lib/x86_64-linux-gnu/lua/5.1', '/usr/local/lib/lua/5.1'],
  ];
  const libraryPath = libraryTrees.map((tree) => `${tree}/?.so;`).join('');
  const from = (name: string, standard: string): string => environment[name]?.replace(';;', `;${standard}`) ?? standard;
  return { path: from('LUA_PATH', path), libraryPath: from('LUA_CPATH', libraryPath) };
}

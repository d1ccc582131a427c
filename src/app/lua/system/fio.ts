/** The library `fio`: files, directories and paths. Calls are synchronous. */
import type { FileSystem, SystemStatus } from '../../../env/index.ts';

import { LuaTable, tableOf } from '../runtime/table.ts';
import { toNumber } from '../runtime/types.ts';
import { type LuaFunction, type LuaResult, type LuaValue, plainFunction } from '../runtime/values.ts';
import { byteStringOf } from '../box/byte-strings.ts';
import { FILE_FLAGS, FILE_KINDS, FILE_MODES, isKind, SEEK_ORIGINS } from './fio-constants.ts';
import { createFioMethods, failure, FioHandle, type FioHost } from './fio-file.ts';
import { absolutePath, baseName, directoryName, joinPath } from './fio-paths.ts';
import { statusTable } from './fio-status.ts';
import { copyTree, isPathOfKind, makeTree, matchingPaths, removeTree } from './fio-trees.ts';
import { errnoText } from './errno.ts';
import { addFunctions, nameArgument, usageError } from './module.ts';
import type { UserDatabase } from './users.ts';

const EINVAL = 22;
const EEXIST = 17;
const ENOTDIR = 20;
const ALL_MAY = 0o777;

type Host = FioHost & Readonly<{ users: UserDatabase; nowSeconds: () => number }>;

export function createFioLibrary(host: Host): LuaTable {
  return addFunctions(
    tableOf({
      c: tableOf({ flag: tableOf(FILE_FLAGS), mode: tableOf(FILE_MODES), seek: tableOf(SEEK_ORIGINS) }),
      path: addFunctions(new LuaTable(), pathQuestions(host)),
    }),
    {
      open: plainFunction((...values) => open(host, createFioMethods(host), values)),
      ...pathFunctions(host.fileSystem),
      ...entryFunctions(host),
      ...attributeFunctions(host),
      ...treeFunctions(host),
    },
  );
}

function open(host: Host, methods: ReadonlyMap<LuaValue, LuaFunction>, values: readonly LuaValue[]): LuaResult {
  const path = nameArgument(values[0], 'builtin/fio.lua:189: Usage: fio.open(path[, flags[, mode]])');
  const flags = bitsOf(values[1] ?? 'O_RDONLY', FILE_FLAGS, 'builtin/fio.lua:204: fio.open(): unknown flag');
  const mode = bitsOf(values[2] ?? 0, FILE_MODES, 'builtin/fio.lua:213: fio.open(): unknown mode');
  try {
    return new FioHandle(host.fileSystem.open(path, flags, mode), flags, methods);
  } catch (error) {
    return failure(host.errors, error, undefined);
  }
}

/** The sum of what names and numbers, one or a table of them, stand for. */
function bitsOf(value: LuaValue, names: Readonly<Record<string, number>>, complaint: string): number {
  const parts = value instanceof LuaTable ? value.array : [value];
  let bits = 0;
  for (const part of parts) {
    const number = typeof part === 'number' ? part : names[String(part)];
    if (number === undefined) throw usageError(`${complaint}: ${String(part)}`);
    bits |= number;
  }
  return bits;
}

function pathFunctions(fileSystem: FileSystem): Record<string, LuaFunction> {
  const text = (value: LuaValue, usage: string): string => {
    if (typeof value !== 'string') throw usageError(usage);
    return value;
  };
  return {
    basename: plainFunction((path, suffix) => {
      const given = text(path, 'builtin/fio.lua:282: Usage: fio.basename(path[, suffix])');
      return baseName(given, suffix === undefined ? undefined : String(suffix));
    }),
    dirname: plainFunction((path) => directoryName(text(path, 'builtin/fio.lua:301: Usage: fio.dirname(path)'))),
    pathjoin: plainFunction((...parts) => joinPath(parts)),
    abspath: plainFunction((path) => {
      const given = text(path, 'builtin/fio.lua:329: Usage: fio.abspath(path)');
      return absolutePath(given, byteStringOf(fileSystem.workingDirectory()));
    }),
  };
}

/** `true`, or `false, error`. */
function action({ errors }: Host, run: () => void): LuaResult {
  try {
    run();
    return true;
  } catch (error) {
    return failure(errors, error, false);
  }
}

function question({ errors }: Host, run: () => LuaValue): LuaResult {
  try {
    return run();
  } catch (error) {
    return failure(errors, error, undefined);
  }
}

function entryFunctions(host: Host): Record<string, LuaFunction> {
  const { fileSystem } = host;
  const pair = (usage: string, run: (from: string, to: string) => void): LuaFunction =>
    plainFunction((...values) => {
      const [from, to] = [nameArgument(values[0], usage), nameArgument(values[1], usage)];
      return action(host, () => run(from, to));
    });
  const single = (usage: string, run: (path: string) => void): LuaFunction =>
    plainFunction((...values) => {
      const path = nameArgument(values[0], usage);
      return action(host, () => run(path));
    });
  return {
    mkdir: plainFunction((...values) => {
      const path = nameArgument(values[0], 'Usage fio.mkdir(pathname[, mode])');
      return action(host, () => fileSystem.makeDirectory(path, toNumber(values[1]) ?? ALL_MAY));
    }),
    rmdir: single('Usage: fio.rmdir(pathname)', (path) => fileSystem.removeDirectory(path)),
    unlink: single('Usage: fio.unlink(pathname)', (path) => fileSystem.unlink(path)),
    rename: pair('Usage: fio.rename(oldpath, newpath)', (from, to) => fileSystem.rename(from, to)),
    link: pair('Usage: fio.link(target, linkpath)', (target, path) => fileSystem.link(target, path)),
    symlink: pair('Usage: fio.symlink(target, linkpath)', (target, path) => fileSystem.symbolicLink(target, path)),
    readlink: plainFunction((...values) => {
      const path = nameArgument(values[0], 'Usage: fio.readlink(pathname)');
      return question(host, () => byteStringOf(fileSystem.readLink(path)));
    }),
    listdir: plainFunction((...values) => {
      const path = nameArgument(values[0], 'builtin/fio.lua:358: Usage: fio.listdir(path)');
      return listOrComplaint(host, path, () => new LuaTable(fileSystem.list(path).map(byteStringOf)));
    }),
    glob: plainFunction((...values) => {
      const pattern = nameArgument(values[0], 'Usage: fio.glob(pattern)');
      return new LuaTable(matchingPaths(fileSystem, pattern).map(byteStringOf));
    }),
    cwd: plainFunction(() => question(host, () => byteStringOf(fileSystem.workingDirectory()))),
    chdir: plainFunction((...values) => {
      const path = nameArgument(values[0], 'builtin/fio.lua:351: Usage: fio.chdir(path)');
      const result = action(host, () => fileSystem.changeDirectory(path));
      return result === true;
    }),
    tempdir: plainFunction(() => question(host, () => byteStringOf(fileSystem.makeTemporaryDirectory('/tmp/')))),
    sync: plainFunction(() => action(host, () => fileSystem.syncAll())),
  };
}

/** `nil` with the words that fio's own functions find for a directory that cannot be read. */
function listOrComplaint({ errors }: Host, path: string, run: () => LuaValue): LuaResult {
  try {
    return run();
  } catch (error) {
    const number = errors.note(error);
    if (number === null) throw error;
    return [undefined, `can't listdir ${byteStringOf(path)}: fio: ${errnoText(number)}`];
  }
}

function attributeFunctions(host: Host): Record<string, LuaFunction> {
  const { fileSystem, errors, users } = host;
  return {
    stat: plainFunction((...values) => {
      const path = nameArgument(values[0], 'Usage: fio.stat(pathname)');
      return question(host, () => statusTable(fileSystem.status(path, true)));
    }),
    lstat: plainFunction((...values) => {
      const path = nameArgument(values[0], 'pathname is absent');
      return question(host, () => statusTable(fileSystem.status(path, false)));
    }),
    chmod: plainFunction((...values) => {
      const usage = 'Usage: fio.chmod(pathname, mode)';
      const path = nameArgument(values[0], usage);
      if (values[1] === undefined) throw usageError(usage);
      const mode = bitsOf(values[1], FILE_MODES, 'fio.chmod(): unknown mode');
      return action(host, () => fileSystem.changeMode(path, mode));
    }),
    chown: plainFunction((...values) => {
      const usage = 'Usage: fio.chown(pathname, owner, group)';
      const path = nameArgument(values[0], usage);
      if (values.length < 3) throw usageError(usage);
      const userId = typeof values[1] === 'string' ? users.user(values[1])?.id : toNumber(values[1]);
      const groupId = typeof values[2] === 'string' ? users.group(values[2])?.id : toNumber(values[2]);
      if (userId === undefined || groupId === undefined) {
        errors.last = EINVAL;
        return undefined;
      }
      return action(host, () => fileSystem.changeOwner(path, userId, groupId));
    }),
    truncate: plainFunction((...values) => {
      const path = nameArgument(values[0], 'Usage: fio.truncate(pathname[, newlen])');
      return action(host, () => fileSystem.truncate(path, toNumber(values[1]) ?? 0));
    }),
    umask: plainFunction((mask) => {
      const before = fileSystem.setModeMask(mask === undefined ? ALL_MAY : numberOf(mask));
      if (mask === undefined) fileSystem.setModeMask(before);
      return before;
    }),
    utime: plainFunction((...values) => {
      const path = nameArgument(values[0], 'builtin/fio.lua:510: Usage: fio.utime(filepath[, atime[, mtime]])');
      const accessed = timeOf(values[1], 'builtin/fio.lua:513: fio.utime: atime') ?? host.nowSeconds();
      const modified = timeOf(values[2], 'builtin/fio.lua:514: fio.utime: mtime') ?? accessed;
      return action(host, () => fileSystem.setTimes(path, accessed, modified));
    }),
  };
}

function numberOf(value: LuaValue): number {
  const number = toNumber(value);
  if (number === undefined) throw usageError("bad argument #1 to '?' (cannot convert 'nil' to 'int')");
  return number;
}

function timeOf(value: LuaValue, what: string): number | undefined {
  if (value !== undefined && typeof value !== 'number') throw usageError(`${what} should be a number`);
  return value;
}

function treeFunctions(host: Host): Record<string, LuaFunction> {
  const { fileSystem, errors } = host;
  return {
    mktree: plainFunction((...values) => {
      const path = nameArgument(values[0], 'builtin/fio.lua:377: Usage: fio.mktree(path[, mode])');
      const failed = makeTree(fileSystem, path, toNumber(values[1]) ?? ALL_MAY);
      if (failed === null) return true;
      const number = errors.note(failed.error);
      if (number === null) throw failed.error;
      const reason = number === EEXIST ? errnoText(number) : `fio: ${errnoText(number)}`;
      return [false, `Error creating directory ${byteStringOf(failed.path)}: ${reason}`];
    }),
    rmtree: plainFunction((...values) => {
      const path = nameArgument(values[0], 'builtin/fio.lua:408: Usage: fio.rmtree(path)');
      return listOrComplaint(host, path, () => (removeTree(fileSystem, path), true));
    }),
    copyfile: plainFunction((...values) => {
      const usage = 'builtin/fio.lua:438: Usage: fio.copyfile(from, to)';
      const [from, to] = [nameArgument(values[0], usage), nameArgument(values[1], usage)];
      return copy(host, from, to);
    }),
    copytree: plainFunction((...values) => {
      const usage = 'builtin/fio.lua:453: Usage: fio.copytree(from, to)';
      const [from, to] = [nameArgument(values[0], usage), nameArgument(values[1], usage)];
      const status = notedStatus(host, from, true);
      if (status === null) return [false, `Directory ${byteStringOf(from)} does not exist`];
      if (!isKind(status.mode, FILE_KINDS['is_dir']!)) return [false, errnoText(ENOTDIR)];
      return action(host, () => copyTree(fileSystem, from, to));
    }),
  };
}

/** Into a directory the file goes under its own name. */
function copy({ fileSystem, errors }: Host, from: string, to: string): LuaResult {
  const target = isPathOfKind(fileSystem, to, 'is_dir') ? `${to}/${baseName(from, undefined)}` : to;
  try {
    fileSystem.copyFile(from, target);
    return true;
  } catch (error) {
    const number = errors.note(error);
    if (number === null) throw error;
    return [false, `failed to copy ${byteStringOf(from)} to ${byteStringOf(target)}: fio: ${errnoText(number)}`];
  }
}

function pathQuestions(host: Host): Record<string, LuaFunction> {
  const ask = (line: number, name: 'stat' | 'lstat', answer: (status: SystemStatus | null) => boolean): LuaFunction =>
    plainFunction((...values) => {
      const path = nameArgument(values[0], `builtin/fio.lua:${line}: Usage: fio.${name}(pathname)`);
      return answer(notedStatus(host, path, name === 'stat'));
    });
  const isOfKind = (kind: string) => (status: SystemStatus | null) =>
    status !== null && isKind(status.mode, FILE_KINDS[kind]!);
  return {
    is_file: ask(530, 'stat', isOfKind('is_reg')),
    is_dir: ask(535, 'stat', isOfKind('is_dir')),
    is_link: ask(525, 'lstat', isOfKind('is_link')),
    exists: ask(540, 'stat', (status) => status !== null),
    lexists: ask(545, 'lstat', (status) => status !== null),
  };
}

/** Null if there is nothing, which is then what `errno()` says. */
function notedStatus({ fileSystem, errors }: Host, path: string, followsLinks: boolean): SystemStatus | null {
  try {
    return fileSystem.status(path, followsLinks);
  } catch (error) {
    if (errors.note(error) === null) throw error;
    return null;
  }
}

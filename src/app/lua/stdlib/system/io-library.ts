/** Lua's `io` library and the methods of files. */
import { FileError, type FileSystem } from '../../../../env/index.ts';
import { checkAny, checkInteger, checkString, optionalString, typeError } from '../../runtime/arguments.ts';
import { ArgumentError, runtimeError } from '../../runtime/errors.ts';
import { LuaTable, tableOf } from '../../runtime/table.ts';
import { addressOf } from '../../runtime/types.ts';
import {
  type LuaExecution,
  type LuaFunction,
  type LuaResult,
  LuaUserdata,
  type LuaValue,
  NO_VALUES,
  plainFunction,
  suspendableFunction,
} from '../../runtime/values.ts';
import { textOf } from '../../box/byte-strings.ts';
import { errnoText } from '../../system/errno.ts';
import { FILE_FLAGS } from '../../system/fio-constants.ts';
import { DiskStream, LuaFile, PipeStream } from './lua-file.ts';
import { failure } from './os-library.ts';

export type IoHost = Readonly<{
  fileSystem: FileSystem;
  writeOutput: (text: string) => void;
  writeError: (text: string) => void;
  /** All of standard input. */
  readInput: () => Promise<Uint8Array>;
  /** Starts a shell's command: what it prints, or what takes its input. */
  openPipe: (command: string, mode: 'r' | 'w') => PipeStream;
  temporaryName: () => string;
}>;

type Values = readonly LuaValue[];

const FILE_MODE = 0o666;
const EINVAL = 22;

/** `flush` writes what open files keep, for the program's end. */
export function createIoLibrary(host: IoHost): Readonly<{ library: LuaTable; flush: () => void }> {
  const files = new FileObjects();
  const io = new IoFunctions(host, files);
  const library = tableOf({ ...io.functions(), stdin: io.input, stdout: io.output, stderr: io.error });
  return { library, flush: () => files.flushAll() };
}

/** Files as values of Lua. */
class FileObjects {
  readonly metatable = new LuaTable();
  /** Open files that may keep what is written. */
  readonly #buffered = new Set<LuaFile>();

  constructor() {
    const { metatable } = this;
    const methods: Record<string, LuaFunction> = {
      close: plainFunction((...values) => this.close(this.openFile(values, 1))),
      flush: plainFunction((...values) => this.flush(this.openFile(values, 1))),
      lines: plainFunction((...values) => this.lines(this.openFile(values, 1), values.slice(1), false)),
      read: suspendableFunction((...values) => this.read(this.openFile(values, 1), values, 2)),
      seek: plainFunction((...values) => this.#seek(values)),
      setvbuf: plainFunction((...values) => this.#setBuffering(values)),
      write: plainFunction((...values) => this.write(this.openFile(values, 1), values, 2)),
      __gc: plainFunction((...values) => (this.file(values, 1), NO_VALUES)),
      __tostring: plainFunction((...values) => {
        const file = this.file(values, 1);
        return file.isClosed ? 'file (closed)' : `file (${addressOf(file)})`;
      }),
    };
    for (const [name, code] of Object.entries(methods)) metatable.setString(name, code);
    metatable.setString('__index', metatable);
  }

  create(file: LuaFile): LuaUserdata {
    return new LuaUserdata(file, this.metatable);
  }

  file(values: Values, number: number): LuaFile {
    const value = values[number - 1];
    if (value instanceof LuaUserdata && value.payload instanceof LuaFile) return value.payload;
    throw typeError(value, number, 'FILE*', values.length < number);
  }

  openFile(values: Values, number: number): LuaFile {
    const file = this.file(values, number);
    if (file.isClosed) throw runtimeError('attempt to use a closed file');
    return file;
  }

  close(file: LuaFile): LuaResult {
    if (file.isStandard) return [undefined, 'cannot close standard file'];
    this.#buffered.delete(file);
    file.close();
    return true;
  }

  flush(file: LuaFile): LuaResult {
    try {
      file.flush();
      return true;
    } catch (error) {
      return failure(error, null);
    }
  }

  /** What C does with files that are open when a program ends. */
  flushAll(): void {
    for (const file of this.#buffered) this.flush(file);
  }

  #setBuffering(values: Values): LuaResult {
    const file = this.openFile(values, 1);
    const mode = checkString(values, 2);
    if (mode !== 'no' && mode !== 'line' && mode !== 'full') throw new ArgumentError(2, `invalid option '${mode}'`);
    file.setBuffering(mode, values[2] === undefined ? 0 : checkInteger(values, 3));
    if (mode === 'no') this.#buffered.delete(file);
    else this.#buffered.add(file);
    return true;
  }

  write(file: LuaFile, values: Values, first: number): LuaResult {
    try {
      for (let number = first; number <= values.length; number++) file.write(checkString(values, number));
      return true;
    } catch (error) {
      return failure(error, null);
    }
  }

  /** Values for the formats from `first` on; a line if there are none. The first that is not there ends them with nil. */
  *read(file: LuaFile, values: Values, first: number): Generator<object, LuaValue[], unknown> {
    try {
      if (values.length < first) return [(yield* file.readLine(false)) ?? undefined];
      const results: LuaValue[] = [];
      for (let number = first; number <= values.length; number++) {
        const value = yield* readFormat(file, values, number);
        results.push(value ?? undefined);
        if (value === null) break;
      }
      return results;
    } catch (error) {
      return failure(error, null);
    }
  }

  lines(file: LuaFile, formats: Values, closesAtEnd: boolean): LuaFunction {
    return suspendableFunction(
      function* (this: undefined, files: FileObjects): LuaExecution {
        if (file.isClosed) throw runtimeError('file is already closed');
        const result = yield* files.read(file, formats, 1);
        if (result[0] === undefined && closesAtEnd) file.close();
        return result;
      }.bind(undefined, this),
    );
  }

  #seek(values: Values): LuaResult {
    const file = this.openFile(values, 1);
    const from = optionalString(values, 2, 'cur');
    if (from !== 'set' && from !== 'cur' && from !== 'end') throw new ArgumentError(2, `invalid option '${from}'`);
    const offset = values[2] === undefined ? 0 : checkInteger(values, 3);
    return file.seek(from, offset) ?? [undefined, errnoText(EINVAL), EINVAL];
  }
}

function* readFormat(
  file: LuaFile,
  values: Values,
  number: number,
): Generator<object, string | number | null, unknown> {
  const format = values[number - 1];
  if (typeof format === 'number') return yield* file.readCount(Math.max(0, Math.trunc(format)));
  if (typeof format !== 'string') throw new ArgumentError(number, 'invalid option');
  switch (format.replace(/^\*/, '')[0]) {
    case 'n':
      return yield* file.readNumber();
    case 'l':
      return yield* file.readLine(false);
    case 'L':
      return yield* file.readLine(true);
    case 'a':
      return yield* file.readAll();
    default:
      throw new ArgumentError(number, 'invalid format');
  }
}

class IoFunctions {
  readonly #host: IoHost;
  readonly #files: FileObjects;
  readonly input: LuaUserdata;
  readonly output: LuaUserdata;
  readonly error: LuaUserdata;
  #currentInput: LuaUserdata;
  #currentOutput: LuaUserdata;

  constructor(host: IoHost, files: FileObjects) {
    this.#host = host;
    this.#files = files;
    const standard = (stream: PipeStream): LuaUserdata => files.create(new LuaFile(stream, true));
    this.input = standard(new PipeStream(host.readInput, () => undefined));
    this.output = standard(new PipeStream(null, host.writeOutput));
    this.error = standard(new PipeStream(null, host.writeError));
    this.#currentInput = this.input;
    this.#currentOutput = this.output;
  }

  functions(): Record<string, LuaFunction> {
    const files = this.#files;
    return {
      close: plainFunction((...values) =>
        files.close(values[0] === undefined ? this.#current('output') : files.openFile(values, 1)),
      ),
      flush: plainFunction(() => files.flush(this.#current('output'))),
      input: plainFunction((given) => (this.#currentInput = this.#redirect(given, 'r', this.#currentInput))),
      lines: plainFunction((...values) => this.#lines(values)),
      open: plainFunction((...values) => this.#open(values)),
      output: plainFunction((given) => (this.#currentOutput = this.#redirect(given, 'w', this.#currentOutput))),
      popen: plainFunction((...values) => {
        const command = textOf(checkString(values, 1));
        const mode = optionalString(values, 2, 'r');
        if (mode !== 'r' && mode !== 'w') return [undefined, `${command}: ${errnoText(EINVAL)}`, EINVAL];
        return files.create(new LuaFile(this.#host.openPipe(command, mode), false));
      }),
      read: suspendableFunction((...values) => files.read(this.#current('input'), values, 1)),
      tmpfile: plainFunction(() => files.create(this.#openPath(this.#host.temporaryName(), 'w+'))),
      type: plainFunction((...values) => {
        const value = checkAny(values, 1);
        if (!(value instanceof LuaUserdata) || !(value.payload instanceof LuaFile)) return undefined;
        return value.payload.isClosed ? 'closed file' : 'file';
      }),
      write: plainFunction((...values) => files.write(this.#current('output'), values, 1)),
    };
  }

  #current(which: 'input' | 'output'): LuaFile {
    const { payload } = which === 'input' ? this.#currentInput : this.#currentOutput;
    const file = payload as LuaFile;
    if (file.isClosed) throw runtimeError('standard file is closed');
    return file;
  }

  #redirect(given: LuaValue, mode: string, current: LuaUserdata): LuaUserdata {
    if (given === undefined) return current;
    if (typeof given === 'string') return this.#files.create(this.#openOrComplain(given, mode));
    this.#files.file([given], 1);
    return given as LuaUserdata;
  }

  #lines(values: Values): LuaFunction {
    const [name] = values;
    if (name === undefined) return this.#files.lines(this.#current('input'), values.slice(1), false);
    return this.#files.lines(this.#openOrComplain(checkString(values, 1), 'r'), values.slice(1), true);
  }

  #open(values: Values): LuaResult {
    const path = checkString(values, 1);
    const mode = optionalString(values, 2, 'r');
    if (!/^[rwa]\+?[be]*$/.test(mode)) return [undefined, `${path}: ${errnoText(EINVAL)}`, EINVAL];
    try {
      return this.#files.create(this.#openPath(path, mode));
    } catch (error) {
      return failure(error, path);
    }
  }

  #openOrComplain(path: string, mode: string): LuaFile {
    try {
      return this.#openPath(path, mode);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new ArgumentError(1, `${path}: ${errnoText(error.errno)}`);
    }
  }

  #openPath(path: string, mode: string): LuaFile {
    const isBoth = mode.includes('+');
    const kind = mode[0];
    let flags = FILE_FLAGS[isBoth ? 'O_RDWR' : kind === 'r' ? 'O_RDONLY' : 'O_WRONLY']!;
    if (kind !== 'r') flags |= FILE_FLAGS['O_CREAT']! | FILE_FLAGS[kind === 'w' ? 'O_TRUNC' : 'O_APPEND']!;
    const file = this.#host.fileSystem.open(textOf(path), flags, FILE_MODE);
    return new LuaFile(new DiskStream(file, kind === 'a'), false);
  }
}

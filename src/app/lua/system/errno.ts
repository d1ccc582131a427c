/**
 * The numbers, names and texts of the system's errors (Linux), and the library `errno`: the number of the last failure,
 * which failing functions set and programs read.
 */
import { usageError } from './module.ts';
import { BoxError, ERROR_TABLE } from '../../../base/index.ts';
import { FileError, NetworkError } from '../../../env/index.ts';
import { ArgumentError } from '../runtime/errors.ts';
import type { LuaRuntime } from '../runtime/runtime.ts';
import { LuaTable } from '../runtime/table.ts';
import { typeOf } from '../runtime/types.ts';
import { type LuaValue, plainFunction } from '../runtime/values.ts';

const ERRORS: readonly (readonly [number: number, name: string, text: string])[] = [
  [1, 'EPERM', 'Operation not permitted'],
  [2, 'ENOENT', 'No such file or directory'],
  [3, 'ESRCH', 'No such process'],
  [4, 'EINTR', 'Interrupted system call'],
  [5, 'EIO', 'Input/output error'],
  [6, 'ENXIO', 'No such device or address'],
  [7, 'E2BIG', 'Argument list too long'],
  [8, 'ENOEXEC', 'Exec format error'],
  [9, 'EBADF', 'Bad file descriptor'],
  [10, 'ECHILD', 'No child processes'],
  [11, 'EAGAIN', 'Resource temporarily unavailable'],
  [11, 'EWOULDBLOCK', 'Resource temporarily unavailable'],
  [12, 'ENOMEM', 'Cannot allocate memory'],
  [13, 'EACCES', 'Permission denied'],
  [14, 'EFAULT', 'Bad address'],
  [16, 'EBUSY', 'Device or resource busy'],
  [17, 'EEXIST', 'File exists'],
  [18, 'EXDEV', 'Invalid cross-device link'],
  [19, 'ENODEV', 'No such device'],
  [20, 'ENOTDIR', 'Not a directory'],
  [21, 'EISDIR', 'Is a directory'],
  [22, 'EINVAL', 'Invalid argument'],
  [23, 'ENFILE', 'Too many open files in system'],
  [24, 'EMFILE', 'Too many open files'],
  [25, 'ENOTTY', 'Inappropriate ioctl for device'],
  [26, 'ETXTBSY', 'Text file busy'],
  [27, 'EFBIG', 'File too large'],
  [28, 'ENOSPC', 'No space left on device'],
  [29, 'ESPIPE', 'Illegal seek'],
  [30, 'EROFS', 'Read-only file system'],
  [31, 'EMLINK', 'Too many links'],
  [32, 'EPIPE', 'Broken pipe'],
  [33, 'EDOM', 'Numerical argument out of domain'],
  [34, 'ERANGE', 'Numerical result out of range'],
  [35, 'EDEADLK', 'Resource deadlock avoided'],
  [36, 'ENAMETOOLONG', 'File name too long'],
  [37, 'ENOLCK', 'No locks available'],
  [38, 'ENOSYS', 'Function not implemented'],
  [39, 'ENOTEMPTY', 'Directory not empty'],
  [40, 'ELOOP', 'Too many levels of symbolic links'],
  [42, 'ENOMSG', 'No message of desired type'],
  [43, 'EIDRM', 'Identifier removed'],
  [60, 'ENOSTR', 'Device not a stream'],
  [61, 'ENODATA', 'No data available'],
  [62, 'ETIME', 'Timer expired'],
  [63, 'ENOSR', 'Out of streams resources'],
  [67, 'ENOLINK', 'Link has been severed'],
  [71, 'EPROTO', 'Protocol error'],
  [72, 'EMULTIHOP', 'Multihop attempted'],
  [74, 'EBADMSG', 'Bad message'],
  [75, 'EOVERFLOW', 'Value too large for defined data type'],
  [84, 'EILSEQ', 'Invalid or incomplete multibyte or wide character'],
  [88, 'ENOTSOCK', 'Socket operation on non-socket'],
  [89, 'EDESTADDRREQ', 'Destination address required'],
  [90, 'EMSGSIZE', 'Message too long'],
  [91, 'EPROTOTYPE', 'Protocol wrong type for socket'],
  [92, 'ENOPROTOOPT', 'Protocol not available'],
  [93, 'EPROTONOSUPPORT', 'Protocol not supported'],
  [95, 'ENOTSUP', 'Operation not supported'],
  [95, 'EOPNOTSUPP', 'Operation not supported'],
  [97, 'EAFNOSUPPORT', 'Address family not supported by protocol'],
  [98, 'EADDRINUSE', 'Address already in use'],
  [99, 'EADDRNOTAVAIL', 'Cannot assign requested address'],
  [100, 'ENETDOWN', 'Network is down'],
  [101, 'ENETUNREACH', 'Network is unreachable'],
  [102, 'ENETRESET', 'Network dropped connection on reset'],
  [103, 'ECONNABORTED', 'Software caused connection abort'],
  [104, 'ECONNRESET', 'Connection reset by peer'],
  [105, 'ENOBUFS', 'No buffer space available'],
  [106, 'EISCONN', 'Transport endpoint is already connected'],
  [107, 'ENOTCONN', 'Transport endpoint is not connected'],
  [110, 'ETIMEDOUT', 'Connection timed out'],
  [111, 'ECONNREFUSED', 'Connection refused'],
  [113, 'EHOSTUNREACH', 'No route to host'],
  [114, 'EALREADY', 'Operation already in progress'],
  [115, 'EINPROGRESS', 'Operation now in progress'],
  [116, 'ESTALE', 'Stale file handle'],
  [122, 'EDQUOT', 'Disk quota exceeded'],
  [125, 'ECANCELED', 'Operation canceled'],
];

const TEXTS = new Map(ERRORS.map(([number, , text]) => [number, text]));
const NUMBERS = new Map(ERRORS.map(([number, name]) => [name, number]));
/** Failures that only Node names. */
const OTHER_NAMES: Readonly<Record<string, string>> = { ENOTFOUND: 'EIO', EAI_AGAIN: 'EIO' };

/** As C's `strerror`. */
export function errnoText(number: number): string {
  return number === 0 ? 'Success' : (TEXTS.get(number) ?? `Unknown error ${number}`);
}

/** The number of a name such as ENOENT. */
export function errnoOf(name: string): number {
  return NUMBERS.get(name) ?? NUMBERS.get(OTHER_NAMES[name] ?? '') ?? 5;
}

/** What `errno()` gives. Where failures of the system become Lua's `nil, error`. */
export class SystemErrors {
  last = 0;
  readonly #runtime: LuaRuntime;

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
  }

  /** Remembers the failure, and gives its number; null if the exception is none of the system's. */
  note(error: unknown): number | null {
    const number =
      error instanceof FileError ? error.errno : error instanceof NetworkError ? errnoOf(error.code) : null;
    if (number !== null) this.last = number;
    return number;
  }

  /** An error object `who: what the system says`. */
  failure(who: string, number: number): LuaValue {
    return this.object(`${who}: ${errnoText(number)}`, number);
  }

  object(text: string, errno: number): LuaValue {
    return this.#value(text, 'SystemError', errno);
  }

  timedOut(): LuaValue {
    this.last = errnoOf('ETIMEDOUT');
    return this.#value('timed out', 'TimedOut', this.last);
  }

  #value(text: string, type: 'SystemError' | 'TimedOut', errno: number): LuaValue {
    return this.#runtime.hostErrorValue(new BoxError(ERROR_TABLE.SYSTEM.code, text, { type, errno }));
  }
}

export function createErrnoLibrary(errors: SystemErrors): LuaTable {
  const names = new LuaTable();
  for (const [number, name] of ERRORS) names.setString(name, number);
  const library = new LuaTable();
  library.setString(
    'strerror',
    plainFunction((...values) => {
      if (values[0] === undefined) return errnoText(errors.last);
      if (typeof values[0] !== 'number') {
        throw usageError("builtin/errno.lua:12: bad argument #1 to 'strerror' (cannot convert 'nil' to 'int')");
      }
      return errnoText(Math.trunc(values[0]));
    }),
  );
  library.metatable = new LuaTable();
  library.metatable.setString('__index', names);
  library.metatable.setString(
    '__newindex',
    plainFunction(() => {
      throw usageError("builtin/errno.lua:19: Can't create new errno constants");
    }),
  );
  library.metatable.setString(
    '__call',
    plainFunction((_library, ...values) => {
      const before = errors.last;
      const [number] = values;
      if (number !== undefined && typeof number !== 'number') {
        throw new ArgumentError(1, `cannot convert '${typeOf(number)}' to 'int'`);
      }
      if (number !== undefined) errors.last = Math.trunc(number);
      return before;
    }),
  );
  return library;
}

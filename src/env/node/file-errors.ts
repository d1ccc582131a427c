/** Node's errors of the file system, as the ports name them. */
import { constants } from 'node:os';
import { FileError } from '../index.ts';

/** Runs a call of node:fs; what it throws becomes a FileError of this operation. */
export function withFileErrors<Result>(operation: string, path: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw toFileError(error, operation, path);
  }
}

function toFileError(error: unknown, operation: string, path: string): unknown {
  if (!(error instanceof Error) || error instanceof FileError) return error;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && typeof errno === 'number')
    return new FileError(code, Math.abs(errno), path, operation);
  // A path that Node itself refuses, such as one with a zero byte, has a code of Node's own.
  if (code === 'ERR_INVALID_ARG_VALUE') return new FileError('EINVAL', constants.errno.EINVAL, path, operation);
  return error;
}

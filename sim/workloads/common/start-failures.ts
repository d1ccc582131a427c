/** What a start may end with on a machine whose disk fails or has lost something. */
import { BoxError, CorruptionError } from '../../../src/base/index.ts';
import { FileError } from '../../../src/env/index.ts';

/** Whether a start may be refused by this after a power cut that left holes in what was never synced. */
export function isDamage(error: Error): boolean {
  return error instanceof CorruptionError || (error instanceof BoxError && error.type === 'XlogGapError');
}

/** Whether a start may end like this while the disk fails. */
export function isDiskFailure(error: Error): boolean {
  return error instanceof FileError || (error instanceof BoxError && error.type === 'SystemError');
}

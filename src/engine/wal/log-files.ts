/**
 * The files of a log directory: `%020d.xlog` and `%020d.snap`, where the number is the signature (the sum of all
 * components) of the VClock in the file's header. A file whose name, kind or owner disagrees with its header is refused.
 */
import { boxError, CorruptionError } from '../../base/index.ts';
import {
  compareVclocks,
  FILE_HEADER_BYTES_MAX,
  type FileHeader,
  type LogFileKind,
  parseFileHeader,
  type Vclock,
  vclockSignature,
} from '../../codec/xlog/index.ts';
import type { Files, OpenFile } from '../../env/index.ts';

const EXTENSION: Readonly<Record<LogFileKind, string>> = { XLOG: '.xlog', SNAP: '.snap' };
const NAME_DIGITS = 20;
/** Suffix of files that are not complete; they are never read. */
export const IN_PROGRESS_SUFFIX = '.inprogress';

export type LogFileEntry = Readonly<{
  path: string;
  signature: number;
  vclock: Vclock;
  /** VClock of the file before it, as the header says; null if it says nothing. */
  previousVclock: Vclock | null;
}>;

export type LogFileChecks = Readonly<{
  kind: LogFileKind;
  /** Owner that the header must name; null accepts any. */
  instanceUuid: string | null;
  onWarning: (text: string) => void;
}>;

export function logFilePath(files: Files, directory: string, signature: number, kind: LogFileKind): string {
  return files.join(directory, String(signature).padStart(NAME_DIGITS, '0') + EXTENSION[kind]);
}

/** Signatures of the files of one kind, by their names alone, ascending. Throws FileError. */
export function listSignatures(files: Files, directory: string, kind: LogFileKind): readonly number[] {
  const name = new RegExp(`^(\\d{${NAME_DIGITS}})\\${EXTENSION[kind]}$`);
  return files
    .list(directory)
    .flatMap((entry) => {
      const digits = name.exec(entry)?.[1];
      return digits === undefined ? [] : [Number(digits)];
    })
    .sort((left, right) => left - right);
}

/**
 * The files of one kind with what their headers say, oldest first. A file that cannot be understood, or does not come
 * after its predecessor, throws CorruptionError; with `forceRecovery` it is left out with a warning.
 */
export function listLogFiles(
  files: Files,
  directory: string,
  checks: LogFileChecks,
  forceRecovery: boolean,
): readonly LogFileEntry[] {
  const entries: LogFileEntry[] = [];
  for (const signature of listSignatures(files, directory, checks.kind)) {
    const path = logFilePath(files, directory, signature, checks.kind);
    try {
      const { vclock, previousVclock } = openHeader(files, path, signature, checks);
      const last = entries.at(-1);
      if (last !== undefined && compareVclocks(last.vclock, vclock) !== 'before') {
        throw new CorruptionError(path, -1, 'invalid xlog order');
      }
      entries.push({ path, signature, vclock, previousVclock });
    } catch (error) {
      if (!forceRecovery || !(error instanceof CorruptionError)) throw error;
      checks.onWarning(error.message);
    }
  }
  return entries;
}

function openHeader(files: Files, path: string, signature: number, checks: LogFileChecks): FileHeader {
  const file = files.open(path, 'read');
  try {
    const { header, unknownKeys } = readHeader(file, checks);
    for (const key of unknownKeys) checks.onWarning(`${path}: Unknown meta item: \`${key}'`);
    if (vclockSignature(header.vclock) !== signature) throw new CorruptionError(path, -1, 'signature check failed');
    return header;
  } finally {
    file.close();
  }
}

/**
 * The header of an open file. Throws CorruptionError if it is damaged, incomplete or names another instance, and
 * ER_INVALID_XLOG_TYPE if the file is of another kind.
 */
export function readHeader(
  file: OpenFile,
  checks: LogFileChecks,
): Readonly<{ header: FileHeader; sizeBytes: number; unknownKeys: readonly string[] }> {
  const bytes = new Uint8Array(Math.min(file.sizeBytes(), FILE_HEADER_BYTES_MAX));
  const parsed = parseFileHeader(bytes.subarray(0, readFully(file, bytes)));
  if (parsed.kind === 'incomplete') {
    throw new CorruptionError(file.path, -1, "Unexpected end of file, run with 'force_recovery = true'");
  }
  if (parsed.kind === 'invalid') throw new CorruptionError(file.path, -1, parsed.reason);
  const { header, sizeBytes, unknownKeys } = parsed;
  if (header.kind !== checks.kind) throw boxError('INVALID_XLOG_TYPE', checks.kind, header.kind);
  if (checks.instanceUuid !== null && header.instanceUuid !== checks.instanceUuid) {
    throw new CorruptionError(file.path, -1, 'invalid instance UUID');
  }
  return { header, sizeBytes, unknownKeys };
}

function readFully(file: OpenFile, target: Uint8Array): number {
  let count = 0;
  while (count < target.length) {
    const read = file.read(target, count, target.length - count, count);
    if (read === 0) break;
    count += read;
  }
  return count;
}

/**
 * Files over the synchronous node:fs: no call passes through the thread pool, whose queue may be held up by others for
 * seconds.
 */
import * as fs from 'node:fs';
import * as nodePath from 'node:path';
import { constants as osConstants } from 'node:os';
import { FileError, type FileOpenMode, type Files, type FileStatus, type OpenFile } from '../index.ts';
import { lockDirectory } from './directory-lock.ts';
import { withFileErrors } from './file-errors.ts';

/** The mode of new files, before the process's mask. */
const FILE_MODE = 0o644;
/** Of a file's mode: what owner, group and others may. */
const PERMISSION_BITS = 0o777;

const OPEN_FLAGS: Readonly<Record<FileOpenMode, number>> = {
  read: fs.constants.O_RDONLY,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL,
  update: fs.constants.O_RDWR | fs.constants.O_CREAT,
};

export function createFiles(): Files {
  return {
    open: (path, mode) => openFile(path, mode),
    list: (directory) => withFileErrors('list', directory, () => fs.readdirSync(directory).sort()),
    status: (path) => withFileErrors('status', path, () => status(path)),
    makeDirectories: (path) => {
      withFileErrors('mkdir', path, () => fs.mkdirSync(path, { recursive: true }));
    },
    rename: (from, to) => withFileErrors('rename', from, () => fs.renameSync(from, to)),
    remove: (path) => withFileErrors('remove', path, () => remove(path)),
    syncDirectory: (path) => withFileErrors('sync', path, () => syncDirectory(path)),
    freeBytes: (path) =>
      withFileErrors('statfs', path, () => {
        const system = fs.statfsSync(path);
        return system.bavail * system.bsize;
      }),
    lockDirectory: (directory) => withFileErrors('lock', directory, () => lockDirectory(directory)),
    join: (...segments) => nodePath.join(...segments),
    absolute: (path) => nodePath.resolve(path),
  };
}

function openFile(path: string, mode: FileOpenMode): OpenFile {
  return withFileErrors('open', path, () => {
    const descriptor = fs.openSync(path, OPEN_FLAGS[mode], FILE_MODE);
    if (mode === 'read' && fs.fstatSync(descriptor).isDirectory()) {
      fs.closeSync(descriptor);
      throw new FileError('EISDIR', osConstants.errno.EISDIR, path, 'open');
    }
    return new NodeFile(path, descriptor);
  });
}

function status(path: string): FileStatus | null {
  const found = statusOrNothing(path);
  if (found === null) return null;
  return {
    kind: found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other',
    sizeBytes: found.size,
    modifiedSeconds: found.mtimeMs / 1000,
    device: found.dev,
    inode: found.ino,
    birthMs: found.birthtimeMs,
    permissions: found.mode & PERMISSION_BITS,
  };
}

function statusOrNothing(path: string): fs.Stats | null {
  try {
    return fs.statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    // A path below a file: there is nothing either.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  }
}

/** Removes a file or an empty directory. */
function remove(path: string): void {
  if (fs.lstatSync(path).isDirectory()) fs.rmdirSync(path);
  else fs.unlinkSync(path);
}

function syncDirectory(path: string): void {
  const descriptor = fs.openSync(path, fs.constants.O_RDONLY);
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

class NodeFile implements OpenFile {
  readonly path: string;
  readonly #descriptor: number;
  #isClosed = false;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  sizeBytes(): number {
    return withFileErrors('status', this.path, () => fs.fstatSync(this.#open()).size);
  }

  read(target: Uint8Array, offset: number, length: number, position: number): number {
    return withFileErrors('read', this.path, () => fs.readSync(this.#open(), target, offset, length, position));
  }

  write(source: Uint8Array, offset: number, length: number, position: number): void {
    withFileErrors('write', this.path, () => {
      const descriptor = this.#open();
      let written = 0;
      while (written < length) {
        written += fs.writeSync(descriptor, source, offset + written, length - written, position + written);
      }
    });
  }

  sync(): void {
    withFileErrors('sync', this.path, () => fs.fdatasyncSync(this.#open()));
  }

  truncate(sizeBytes: number): void {
    withFileErrors('truncate', this.path, () => fs.ftruncateSync(this.#open(), sizeBytes));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    withFileErrors('close', this.path, () => fs.closeSync(this.#descriptor));
  }

  /** The descriptor; its number may belong to another file once this one is closed. */
  #open(): number {
    if (this.#isClosed) throw new FileError('EBADF', osConstants.errno.EBADF, this.path, 'use');
    return this.#descriptor;
  }
}

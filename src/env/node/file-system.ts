/** The system's calls on files over node:fs. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { constants } from 'node:os';
import { FileError, type FileSystem, type SystemFile, type SystemStatus } from '../index.ts';
import { withFileErrors } from './file-errors.ts';

export function createFileSystem(): FileSystem {
  return {
    open: (path, flags, mode) => withFileErrors('open', path, () => new NodeSystemFile(path, flags, mode)),
    status: (path, followsLinks) =>
      withFileErrors('stat', path, () => statusOf(followsLinks ? fs.statSync(path) : fs.lstatSync(path))),
    list: (directory) => withFileErrors('list', directory, () => fs.readdirSync(directory)),
    makeDirectory: (path, mode) => withFileErrors('mkdir', path, () => void fs.mkdirSync(path, { mode })),
    removeDirectory: (path) => withFileErrors('rmdir', path, () => fs.rmdirSync(path)),
    unlink: (path) => withFileErrors('unlink', path, () => fs.unlinkSync(path)),
    rename: (from, to) => withFileErrors('rename', from, () => fs.renameSync(from, to)),
    link: (existing, path) => withFileErrors('link', existing, () => fs.linkSync(existing, path)),
    symbolicLink: (target, path) => withFileErrors('symlink', path, () => fs.symlinkSync(target, path)),
    readLink: (path) => withFileErrors('readlink', path, () => fs.readlinkSync(path)),
    changeMode: (path, mode) => withFileErrors('chmod', path, () => fs.chmodSync(path, mode)),
    changeOwner: (path, userId, groupId) => withFileErrors('chown', path, () => fs.chownSync(path, userId, groupId)),
    setTimes: (path, accessed, modified) =>
      withFileErrors('utime', path, () => fs.utimesSync(path, accessed, modified)),
    truncate: (path, sizeBytes) => withFileErrors('truncate', path, () => fs.truncateSync(path, sizeBytes)),
    copyFile: (from, to) => withFileErrors('copyfile', from, () => fs.copyFileSync(from, to)),
    makeTemporaryDirectory: (prefix) => withFileErrors('mkdtemp', prefix, () => fs.mkdtempSync(prefix)),
    workingDirectory: () => withFileErrors('getcwd', '.', () => process.cwd()),
    changeDirectory: (path) => withFileErrors('chdir', path, () => process.chdir(path)),
    setModeMask: (mask) => process.umask(mask),
    syncAll: () => void spawnSync('sync'),
  };
}

function statusOf(found: fs.Stats): SystemStatus {
  return {
    device: found.dev,
    inode: found.ino,
    mode: found.mode,
    links: found.nlink,
    userId: found.uid,
    groupId: found.gid,
    specialDevice: found.rdev,
    sizeBytes: found.size,
    blockSizeBytes: found.blksize,
    blocks: found.blocks,
    accessedSeconds: found.atimeMs / 1000,
    modifiedSeconds: found.mtimeMs / 1000,
    changedSeconds: found.ctimeMs / 1000,
  };
}

class NodeSystemFile implements SystemFile {
  readonly #path: string;
  readonly #descriptor: number;
  #isClosed = false;

  constructor(path: string, flags: number, mode: number) {
    this.#path = path;
    this.#descriptor = fs.openSync(path, flags, mode);
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  read(target: Uint8Array, position: number): number {
    return this.#run('read', (descriptor) => fs.readSync(descriptor, target, 0, target.length, position));
  }

  write(source: Uint8Array, position: number | null): void {
    this.#run('write', (descriptor) => {
      for (let written = 0; written < source.length;) {
        const at = position === null ? null : position + written;
        written += fs.writeSync(descriptor, source, written, source.length - written, at);
      }
    });
  }

  status(): SystemStatus {
    return this.#run('stat', (descriptor) => statusOf(fs.fstatSync(descriptor)));
  }

  truncate(sizeBytes: number): void {
    this.#run('truncate', (descriptor) => fs.ftruncateSync(descriptor, sizeBytes));
  }

  sync(withStatus: boolean): void {
    this.#run('sync', (descriptor) => (withStatus ? fs.fsyncSync(descriptor) : fs.fdatasyncSync(descriptor)));
  }

  close(): void {
    this.#run('close', (descriptor) => {
      this.#isClosed = true;
      fs.closeSync(descriptor);
    });
  }

  /** With the descriptor; its number may belong to another file once this one is closed. */
  #run<Result>(operation: string, use: (descriptor: number) => Result): Result {
    if (this.#isClosed) throw new FileError('EBADF', constants.errno.EBADF, this.#path, operation);
    return withFileErrors(operation, this.#path, () => use(this.#descriptor));
  }
}

/**
 * The Files port over a simulated disk, for one thread of one boot.
 *
 * It keeps the disk of its boot: after a crash or kill the machine has another disk, so that code which still runs at
 * that moment changes nothing of what the next boot finds.
 */
import { posix } from 'node:path';
import { unreachable } from '../../src/base/index.ts';
import {
  FileError,
  type DirectoryLock,
  type FileOpenMode,
  type Files,
  type FileStatus,
  type OpenFile,
} from '../../src/env/index.ts';
import { segmentsOf, type Disk, type DiskDirectory, type DiskFile, type DiskNode } from './disk.ts';
import type { FileOperation } from './file-faults.ts';
import type { SimulatedHost } from './host.ts';
import type { SimulatedThread } from './thread.ts';

const ERROR_NUMBERS = {
  ENOENT: 2,
  EIO: 5,
  EBADF: 9,
  EACCES: 13,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOSPC: 28,
  ENOTEMPTY: 39,
} as const;

type ErrorCode = keyof typeof ERROR_NUMBERS;

export function createSimulatedFiles(host: SimulatedHost, thread: SimulatedThread): Files {
  return new SimulatedFiles(host, thread);
}

class SimulatedFiles implements Files {
  readonly host: SimulatedHost;
  readonly thread: SimulatedThread;
  readonly disk: Disk;

  constructor(host: SimulatedHost, thread: SimulatedThread) {
    this.host = host;
    this.thread = thread;
    this.disk = host.disk;
  }

  open(path: string, mode: FileOpenMode): OpenFile {
    this.begin('open', path);
    const { parent, name } = this.#place('open', path);
    const found = parent.entries.get(name);
    if (found === undefined) {
      if (mode === 'read') throw fileError('ENOENT', path, 'open');
      const file = this.disk.newFile(this.nowSeconds());
      this.disk.change(this.nowSeconds(), { directory: parent, name, node: file });
      return new SimulatedFile(this, path, file, mode);
    }
    if (mode === 'create') throw fileError('EEXIST', path, 'open');
    if (found.kind === 'directory') throw fileError('EISDIR', path, 'open');
    return new SimulatedFile(this, path, found, mode);
  }

  list(directory: string): readonly string[] {
    this.begin('list', directory);
    return [...this.#directory('list', directory).entries.keys()].sort();
  }

  status(path: string): FileStatus | null {
    const node = this.#find(path);
    if (node === null) return null;
    return {
      kind: node.kind,
      sizeBytes: node.kind === 'file' ? node.content.sizeBytes : 4096,
      modifiedSeconds: node.modifiedSeconds,
      device: this.disk.device,
      inode: node.inode,
      // Inodes are not used again here.
      birthMs: 0,
      permissions: node.kind === 'file' ? 0o640 : 0o750,
    };
  }

  makeDirectories(path: string): void {
    this.begin('makeDirectories', path);
    let directory = this.disk.root;
    const segments = segmentsOf(this.absolute(path));
    segments.forEach((name, index) => {
      const found = directory.entries.get(name);
      if (found?.kind === 'file') throw fileError(index === segments.length - 1 ? 'EEXIST' : 'ENOTDIR', path, 'mkdir');
      const next = found ?? this.disk.newDirectory(this.nowSeconds());
      if (found === undefined) this.disk.change(this.nowSeconds(), { directory, name, node: next });
      directory = next;
    });
  }

  rename(from: string, to: string): void {
    this.begin('rename', from);
    const source = this.#place('rename', from);
    const target = this.#place('rename', to);
    const node = source.parent.entries.get(source.name);
    if (node === undefined) throw fileError('ENOENT', from, 'rename');
    const replaced = target.parent.entries.get(target.name);
    if (replaced === node) return;
    if (replaced !== undefined) requireReplaceable(node, replaced, from);
    this.disk.change(
      this.nowSeconds(),
      { directory: source.parent, name: source.name, node: null },
      { directory: target.parent, name: target.name, node },
    );
  }

  remove(path: string): void {
    this.begin('remove', path);
    const { parent, name } = this.#place('remove', path);
    const node = parent.entries.get(name);
    if (node === undefined) throw fileError('ENOENT', path, 'remove');
    if (node.kind === 'directory' && node.entries.size > 0) throw fileError('ENOTEMPTY', path, 'remove');
    this.disk.change(this.nowSeconds(), { directory: parent, name, node: null });
  }

  syncDirectory(path: string): void {
    this.begin('syncDirectory', path);
    const directory = this.#directory('sync', path);
    this.thread.spend(this.host.syncDelayMs());
    this.disk.syncDirectory(directory);
  }

  freeBytes(path: string): number {
    if (this.#find(path) === null) throw fileError('ENOENT', path, 'statfs');
    return Math.max(0, this.host.capacityBytes - this.disk.usedBytes());
  }

  lockDirectory(directory: string): DirectoryLock | null {
    this.#directory('lock', directory);
    return this.host.lockDirectory(this.absolute(directory), this.thread);
  }

  join(...segments: readonly string[]): string {
    return posix.join(...segments);
  }

  absolute(path: string): string {
    return posix.resolve('/', path);
  }

  nowSeconds(): number {
    return this.thread.world.startSeconds + this.thread.nowMs() / 1000;
  }

  /** Lets the faults of the disk strike. `onPartial` does a part of the operation before an error or a crash. */
  begin(operation: FileOperation, path: string, onPartial?: () => void): void {
    for (const effect of this.host.faults.strike(operation, path)) {
      switch (effect.kind) {
        case 'slow':
          this.thread.spend(this.thread.world.randomDelayMs(effect.leastMs, effect.mostMs));
          break;
        case 'error':
          onPartial?.();
          throw fileError(effect.code, path, operation);
        case 'crash':
          if (!this.thread.isAlive) break;
          onPartial?.();
          this.host.crash();
          break;
        default:
          unreachable(effect);
      }
    }
  }

  #find(path: string): DiskNode | null {
    return this.disk.find(this.absolute(path));
  }

  #directory(operation: string, path: string): DiskDirectory {
    const node = this.#find(path);
    if (node === null) throw fileError('ENOENT', path, operation);
    if (node.kind !== 'directory') throw fileError('ENOTDIR', path, operation);
    return node;
  }

  #place(operation: string, path: string): { parent: DiskDirectory; name: string } {
    const absolute = this.absolute(path);
    if (path.includes('\0')) throw fileError('EINVAL', path, operation);
    if (absolute === '/') throw fileError('EISDIR', path, operation);
    const parent = this.disk.find(posix.dirname(absolute));
    if (parent === null) throw fileError('ENOENT', path, operation);
    if (parent.kind !== 'directory') throw fileError('ENOTDIR', path, operation);
    return { parent, name: posix.basename(absolute) };
  }
}

function requireReplaceable(node: DiskNode, replaced: DiskNode, path: string): void {
  if (replaced.kind === 'file') {
    if (node.kind === 'directory') throw fileError('ENOTDIR', path, 'rename');
  } else {
    if (node.kind === 'file') throw fileError('EISDIR', path, 'rename');
    if (replaced.entries.size > 0) throw fileError('ENOTEMPTY', path, 'rename');
  }
}

function fileError(code: ErrorCode, path: string, operation: string): FileError {
  return new FileError(code, ERROR_NUMBERS[code], path, operation);
}

class SimulatedFile implements OpenFile {
  readonly path: string;
  readonly #files: SimulatedFiles;
  readonly #file: DiskFile;
  readonly #mode: FileOpenMode;
  #isClosed = false;

  constructor(files: SimulatedFiles, path: string, file: DiskFile, mode: FileOpenMode) {
    this.#files = files;
    this.path = path;
    this.#file = file;
    this.#mode = mode;
  }

  sizeBytes(): number {
    this.#requireOpen(false, 'status');
    return this.#file.content.sizeBytes;
  }

  read(target: Uint8Array, offset: number, length: number, position: number): number {
    this.#requireOpen(false, 'read');
    this.#files.begin('read', this.path);
    return this.#file.content.read(target, offset, length, position);
  }

  write(source: Uint8Array, offset: number, length: number, position: number): void {
    this.#requireOpen(true, 'write');
    const bytes = source.subarray(offset, offset + length);
    const { host, disk, thread } = this.#files;
    this.#files.begin('write', this.path, () => {
      this.#put(bytes.subarray(0, thread.world.random.below(length + 1)), position);
    });
    const growthBytes = position + length - this.#file.content.sizeBytes;
    const freeBytes =
      growthBytes > 0 && host.capacityBytes < Infinity ? host.capacityBytes - disk.usedBytes() : Infinity;
    if (growthBytes > freeBytes) {
      this.#put(bytes.subarray(0, Math.max(0, length - (growthBytes - Math.max(0, freeBytes)))), position);
      throw fileError('ENOSPC', this.path, 'write');
    }
    this.#put(bytes, position);
  }

  sync(): void {
    this.#requireOpen(false, 'sync');
    try {
      this.#files.begin('sync', this.path);
    } catch (error) {
      this.#file.content.failSync();
      throw error;
    }
    this.#files.thread.spend(this.#files.host.syncDelayMs());
    this.#file.content.sync();
  }

  truncate(sizeBytes: number): void {
    this.#requireOpen(true, 'truncate');
    this.#files.begin('truncate', this.path);
    this.#file.content.truncate(sizeBytes);
    this.#file.modifiedSeconds = this.#files.nowSeconds();
  }

  close(): void {
    this.#isClosed = true;
  }

  #put(bytes: Uint8Array, position: number): void {
    this.#file.content.write(bytes, position);
    this.#file.modifiedSeconds = this.#files.nowSeconds();
  }

  #requireOpen(isChange: boolean, operation: string): void {
    if (this.#isClosed) throw fileError('EBADF', this.path, operation);
    if (isChange && this.#mode === 'read')
      throw fileError(operation === 'write' ? 'EBADF' : 'EINVAL', this.path, operation);
  }
}

/**
 * The Files port in memory, for tests of code that writes files: a fault can be put at any operation, and a crash
 * leaves what a process or a machine would find afterwards. Reads never fail.
 */
import { type SeededRandom } from '../../src/base/index.ts';
import { FileError, type Files, type OpenFile } from '../../src/env/index.ts';

/** Not a FileError: no code may handle the end of its process. */
export class CrashError extends Error {
  override readonly name = 'CrashError';
}

export type Fault =
  /** The operation with this number (from 0) fails; a write leaves half of its bytes. */
  | Readonly<{ kind: 'error'; operation: number; code: 'ENOSPC' | 'EIO' }>
  /** From this operation on everything throws CrashError; a write leaves half of its bytes. */
  | Readonly<{ kind: 'crash'; operation: number }>;

const ERRNO = { ENOENT: 2, EIO: 5, EEXIST: 17, ENOSPC: 28 } as const;

/** `[abandonedFrom, abandonedTo)` was given up by a sync that failed: no later one writes it, unless it is written again. */
type Node = { content: Uint8Array; synced: Uint8Array; abandonedFrom: number; abandonedTo: number };

function newNode(content: Uint8Array, synced: Uint8Array): Node {
  return { content, synced, abandonedFrom: 0, abandonedTo: 0 };
}

type Directory = Map<string, Node>;

export class MemoryFiles implements Files {
  fault: Fault | null = null;
  /** Operations of these names fail with EIO. */
  readonly failing = new Set<string>();
  /** Operations that change something, by name, in order. */
  readonly operations: string[] = [];
  #entries: Directory = new Map();
  #syncedEntries: Directory = new Map();
  #isCrashed = false;

  /** What is there after the process has died and started again; all of it counts as durable. */
  afterProcessCrash(): MemoryFiles {
    const after = new MemoryFiles();
    for (const [path, node] of this.#entries) after.put(path, node.content);
    return after;
  }

  /** The same, and what is on the disk stays what it is. */
  afterRestart(): MemoryFiles {
    const after = new MemoryFiles();
    after.#entries = new Map(this.#entries);
    after.#syncedEntries = new Map(this.#syncedEntries);
    return after;
  }

  /**
   * What is there after the machine has lost power: synced content and entries, and of the rest, by chance, a beginning
   * of what was appended and all or nothing of the changes to entries.
   */
  afterMachineCrash(random: SeededRandom): MemoryFiles {
    const after = new MemoryFiles();
    for (const [path, node] of random.chance(0.5) ? this.#entries : this.#syncedEntries) {
      const kept = node.synced.length + random.below(Math.max(0, node.content.length - node.synced.length) + 1);
      const usesContent = node.content.length >= node.synced.length || random.chance(0.5);
      after.put(path, usesContent ? node.content.slice(0, kept) : node.synced);
    }
    return after;
  }

  paths(): readonly string[] {
    return [...this.#entries.keys()].sort();
  }

  content(path: string): Uint8Array {
    return this.#node(path, 'read').content.slice();
  }

  /** Sets a file's content, durably. */
  put(path: string, content: Uint8Array): void {
    const node = newNode(content.slice(), content.slice());
    this.#entries.set(path, node);
    this.#syncedEntries.set(path, node);
  }

  open(path: string, mode: 'read' | 'create' | 'update'): OpenFile {
    if (mode === 'read') return new MemoryFile(this, path, this.#node(path, 'open'));
    this.beforeOperation('open', path);
    let node = this.#entries.get(path);
    if (node !== undefined && mode === 'create') throw new FileError('EEXIST', ERRNO.EEXIST, path, 'open');
    if (node === undefined) {
      node = newNode(new Uint8Array(0), new Uint8Array(0));
      this.#entries.set(path, node);
    }
    return new MemoryFile(this, path, node);
  }

  list(directory: string): readonly string[] {
    return this.paths()
      .filter((path) => path.startsWith(`${directory}/`))
      .map((path) => path.slice(directory.length + 1));
  }

  status(path: string): ReturnType<Files['status']> {
    const node = this.#entries.get(path);
    if (node === undefined) return null;
    return {
      kind: 'file',
      sizeBytes: node.content.length,
      modifiedSeconds: 0,
      device: 0,
      inode: 0,
      birthMs: 0,
      permissions: 0o600,
    };
  }

  makeDirectories(): void {}

  rename(from: string, to: string): void {
    this.beforeOperation('rename', from);
    this.#entries.set(to, this.#node(from, 'rename'));
    this.#entries.delete(from);
  }

  remove(path: string): void {
    this.beforeOperation('remove', path);
    this.#node(path, 'remove');
    this.#entries.delete(path);
  }

  syncDirectory(path: string): void {
    this.beforeOperation('syncDirectory', path);
    this.#syncedEntries = new Map(this.#entries);
  }

  freeBytes(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  lockDirectory(): null {
    return null;
  }

  join(...segments: readonly string[]): string {
    return segments.join('/');
  }

  absolute(path: string): string {
    return path;
  }

  /** Counts the operation and, if the fault is here, runs `partly` and throws. */
  beforeOperation(name: string, path: string, partly: () => void = () => {}): void {
    if (this.#isCrashed) throw new CrashError();
    const number = this.operations.length;
    this.operations.push(name);
    if (this.failing.has(name)) throw new FileError('EIO', ERRNO.EIO, path, name);
    if (this.fault?.operation !== number) return;
    partly();
    if (this.fault.kind === 'crash') {
      this.#isCrashed = true;
      throw new CrashError();
    }
    throw new FileError(this.fault.code, ERRNO[this.fault.code], path, name);
  }

  #node(path: string, operation: string): Node {
    const node = this.#entries.get(path);
    if (node === undefined) throw new FileError('ENOENT', ERRNO.ENOENT, path, operation);
    return node;
  }
}

class MemoryFile implements OpenFile {
  readonly path: string;
  readonly #files: MemoryFiles;
  readonly #node: Node;

  constructor(files: MemoryFiles, path: string, node: Node) {
    this.#files = files;
    this.path = path;
    this.#node = node;
  }

  sizeBytes(): number {
    return this.#node.content.length;
  }

  read(target: Uint8Array, offset: number, length: number, position: number): number {
    const found = this.#node.content.subarray(position, position + length);
    target.set(found, offset);
    return found.length;
  }

  write(source: Uint8Array, offset: number, length: number, position: number): void {
    this.#files.beforeOperation('write', this.path, () => this.#put(source, offset, length >> 1, position));
    this.#put(source, offset, length, position);
  }

  sync(): void {
    const node = this.#node;
    try {
      this.#files.beforeOperation('sync', this.path);
    } catch (error) {
      if (error instanceof FileError) {
        node.abandonedFrom = Math.min(node.synced.length, node.content.length);
        node.abandonedTo = node.content.length;
      }
      throw error;
    }
    const hasAbandoned = node.abandonedFrom < Math.min(node.abandonedTo, node.content.length);
    node.synced = node.content.slice(0, hasAbandoned ? node.abandonedFrom : node.content.length);
  }

  truncate(sizeBytes: number): void {
    this.#files.beforeOperation('truncate', this.path);
    this.#node.content = this.#node.content.slice(0, sizeBytes);
  }

  close(): void {}

  #put(source: Uint8Array, offset: number, length: number, position: number): void {
    const grown = new Uint8Array(Math.max(this.#node.content.length, position + length));
    grown.set(this.#node.content);
    grown.set(source.subarray(offset, offset + length), position);
    this.#node.content = grown;
    if (position <= this.#node.abandonedFrom) {
      this.#node.abandonedFrom = Math.max(this.#node.abandonedFrom, position + length);
    }
  }
}

/**
 * The file system of a simulated machine: directories of inodes, with what of them is durable.
 *
 * Guarantees: a change of a directory (a name made, renamed or removed) is durable after the directory was synced, and
 * until then a power cut may undo it or not, independently of the others and of the content of the files. A rename is
 * never half done.
 */
import { type SeededRandom, assert } from '../../src/base/index.ts';
import { DiskContent } from './disk-content.ts';

export type DiskNode = DiskFile | DiskDirectory;

export class DiskFile {
  readonly kind = 'file';
  readonly inode: number;
  content = new DiskContent();
  modifiedSeconds: number;

  constructor(inode: number, modifiedSeconds: number) {
    this.inode = inode;
    this.modifiedSeconds = modifiedSeconds;
  }
}

/** One step of a directory change: names that go, then names that come. */
type NameStep = Readonly<{ directory: DiskDirectory; name: string; node: DiskNode | null }>;
type NameChange = Readonly<{ steps: readonly NameStep[] }>;

export class DiskDirectory {
  readonly kind = 'directory';
  readonly inode: number;
  modifiedSeconds: number;
  readonly entries = new Map<string, DiskNode>();
  readonly durableEntries = new Map<string, DiskNode>();

  constructor(inode: number, modifiedSeconds: number) {
    this.inode = inode;
    this.modifiedSeconds = modifiedSeconds;
  }
}

export class Disk {
  readonly device: number;
  root = new DiskDirectory(2, 0);
  #nextInode = 3;
  /** Changes of directories that are not durable yet, oldest first. */
  #changes: NameChange[] = [];

  constructor(device: number) {
    this.device = device;
  }

  /** The node at the path, which is absolute and normalised; null if there is none. */
  find(path: string): DiskNode | null {
    let node: DiskNode = this.root;
    for (const name of segmentsOf(path)) {
      const next: DiskNode | undefined = node.kind === 'directory' ? node.entries.get(name) : undefined;
      if (next === undefined) return null;
      node = next;
    }
    return node;
  }

  newFile(atSeconds: number): DiskFile {
    return new DiskFile(this.#nextInode++, atSeconds);
  }

  newDirectory(atSeconds: number): DiskDirectory {
    return new DiskDirectory(this.#nextInode++, atSeconds);
  }

  /** Changes names all at once. */
  change(atSeconds: number, ...steps: readonly NameStep[]): void {
    for (const step of steps) {
      setEntry(step.directory.entries, step);
      step.directory.modifiedSeconds = atSeconds;
    }
    this.#changes.push({ steps });
  }

  /** Makes the changes of the directory's names durable. */
  syncDirectory(directory: DiskDirectory): void {
    const left: NameChange[] = [];
    for (const change of this.#changes) {
      if (change.steps.some((step) => step.directory === directory)) commit(change);
      else left.push(change);
    }
    this.#changes = left;
  }

  /** The sizes of all files that have a name. */
  usedBytes(): number {
    let total = 0;
    const seen = new Set<DiskFile>();
    visit(this.root, (file) => {
      if (!seen.has(file)) total += file.content.sizeBytes;
      seen.add(file);
    });
    return total;
  }

  /** Makes everything durable, as an idle machine does in time. */
  syncAll(): void {
    for (const change of this.#changes) commit(change);
    this.#changes = [];
    visit(this.root, (file) => file.content.sync());
  }

  /** The same state, independent of this one: what a killed process leaves. */
  copy(): Disk {
    return this.#rebuilt(
      (change) => [change],
      (content) => content.copy(),
      true,
    );
  }

  /** What a power cut leaves. */
  afterCrash(random: SeededRandom): Disk {
    const manner = random.pick(['nothing', 'everything', 'beginning', 'scattered'] as const);
    const kept =
      manner === 'nothing' ? 0 : manner === 'beginning' ? random.below(this.#changes.length + 1) : this.#changes.length;
    const keptChanges = new Set(
      this.#changes.filter((_, index) => index < kept && (manner !== 'scattered' || random.chance(0.5))),
    );
    return this.#rebuilt(
      (change) => (keptChanges.has(change) ? [change] : []),
      (content) => content.afterCrash(random),
      false,
    );
  }

  /**
   * A new disk from the durable names, the changes that `select` lets through, and the contents as `transform` makes
   * them. Changes stay pending if `isPending`, else they are durable.
   */
  #rebuilt(
    select: (change: NameChange) => readonly NameChange[],
    transform: (content: DiskContent) => DiskContent,
    isPending: boolean,
  ): Disk {
    const result = new Disk(this.device);
    result.#nextInode = this.#nextInode;
    const clones = new Map<DiskNode, DiskNode>();
    const clone = (node: DiskNode): DiskNode => {
      const known = clones.get(node);
      if (known !== undefined) return known;
      if (node.kind === 'file') {
        const file = new DiskFile(node.inode, node.modifiedSeconds);
        clones.set(node, file);
        file.content = transform(node.content);
        return file;
      }
      const directory = new DiskDirectory(node.inode, node.modifiedSeconds);
      clones.set(node, directory);
      for (const [name, child] of node.durableEntries) directory.durableEntries.set(name, clone(child));
      return directory;
    };
    result.root = cloneDirectory(this.root, clone);
    const changes = this.#changes.flatMap(select).map((change) => ({
      steps: change.steps.map((step) => ({
        directory: cloneDirectory(step.directory, clone),
        name: step.name,
        node: step.node === null ? null : clone(step.node),
      })),
    }));
    for (const node of clones.values()) {
      if (node.kind === 'directory') for (const [name, child] of node.durableEntries) node.entries.set(name, child);
    }
    for (const change of changes) for (const step of change.steps) setEntry(step.directory.entries, step);
    if (isPending) result.#changes = changes;
    else changes.forEach(commit);
    return result;
  }
}

function cloneDirectory(directory: DiskDirectory, clone: (node: DiskNode) => DiskNode): DiskDirectory {
  const cloned = clone(directory);
  assert(cloned.kind === 'directory', 'a directory is cloned to a directory');
  return cloned;
}

function commit(change: NameChange): void {
  for (const step of change.steps) setEntry(step.directory.durableEntries, step);
}

function setEntry(entries: Map<string, DiskNode>, step: NameStep): void {
  if (step.node === null) entries.delete(step.name);
  else entries.set(step.name, step.node);
}

function visit(directory: DiskDirectory, onFile: (file: DiskFile) => void): void {
  for (const node of directory.entries.values()) {
    if (node.kind === 'file') onFile(node);
    else visit(node, onFile);
  }
}

/** The names of an absolute, normalised path. */
export function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

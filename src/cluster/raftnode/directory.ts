/**
 * Which life of a member this is. A member's votes and acknowledgements count only while its log is the one that they were
 * given from; so others are told the directory that it lives in, by a uuid of its own, and how often it was started there.
 *
 * A marker file names the device and the inode of the directory. It does not fit after the directory was copied or restored,
 * and the log in it may be older than what the member has said: then, and also when nothing is there, the other voters
 * are asked before it takes part (`verification.ts`). Of a directory and its copy that count alike, others believe the one that
 * they have heard of first. Invariants: (1) the start is counted durably before any message leaves; (2) the marker is written
 * when the directory is trusted, and never before.
 */
import { assert, clusterError, sameBytes } from '../../base/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';
import { type Env, FileError } from '../../env/index.ts';
import type { RaftId } from '../../raft/index.ts';
import type { Sender } from './message-codec.ts';
import type { RaftStore } from './store.ts';

const MARKER_NAME = 'raft.marker';
const UUID_BYTES = 16;

/** Why a directory is not trusted; null: it is. */
export type Doubt = 'new' | 'moved' | null;

type Life = Omit<Sender, 'id'>;

export class MemberDirectory {
  readonly #env: Env;
  readonly #path: string;
  readonly #store: RaftStore;
  /** By member: the last life that was seen. */
  readonly #seen = new Map<RaftId, Life>();

  constructor(env: Env, dataDir: string, store: RaftStore) {
    this.#env = env;
    this.#path = dataDir;
    this.#store = store;
    this.reload();
  }

  /** What is on disk, after a noting came to nothing. */
  reload(): void {
    this.#seen.clear();
    for (const [id, directoryUuid, startCount, startNonce] of (this.#store.get('seen') ?? []) as unknown as SeenRow[]) {
      this.#seen.set(id, { directoryUuid, startCount, startNonce });
    }
  }

  /** Inside of a transaction: counts this start. Throws STORAGE_CORRUPTED if another member lives here. */
  begin(id: RaftId): Readonly<{ sender: Sender; doubt: Doubt }> {
    const store = this.#store;
    const startNonce = this.#env.random.uint32();
    if (store.isNew) {
      const directoryUuid = new Uint8Array(UUID_BYTES);
      this.#env.random.fill(directoryUuid);
      store.set('raft_id', id);
      store.set('directory_uuid', directoryUuid);
      store.set('gen', 1);
      return { sender: { id, directoryUuid, startCount: 1, startNonce }, doubt: 'new' };
    }
    const known = store.get('raft_id');
    if (known !== id)
      throw clusterError('STORAGE_CORRUPTED', `the directory is that of member ${String(known)}, not ${id}`);
    const startCount = Number(store.get('gen')) + 1;
    store.set('gen', startCount);
    const directoryUuid = store.get('directory_uuid');
    assert(directoryUuid instanceof Uint8Array, 'the directory has a uuid');
    return { sender: { id, directoryUuid, startCount, startNonce }, doubt: this.#isMarked() ? null : 'moved' };
  }

  /** From now on this directory, at this place, is the member's. Throws FileError. */
  mark(): void {
    const { files } = this.#env;
    const path = files.join(this.#path, MARKER_NAME);
    const text = new TextEncoder().encode(this.#placeText());
    const file = files.open(path, 'update');
    try {
      file.write(text, 0, text.length, 0);
      file.truncate(text.length);
      file.sync();
    } finally {
      file.close();
    }
    files.syncDirectory(this.#path);
  }

  /** Whether a batch may be looked at: of a `newer` start when that is noted durably. */
  judge({ id, directoryUuid, startCount, startNonce }: Sender): 'known' | 'newer' | 'outdated' {
    const seen = this.#seen.get(id);
    if (seen === undefined) return 'newer';
    if (!sameBytes(seen.directoryUuid, directoryUuid) || startCount < seen.startCount) return 'outdated';
    if (startCount > seen.startCount) return 'newer';
    return startNonce === seen.startNonce ? 'known' : 'outdated';
  }

  /** Inside of a transaction that is synced; it counts once that is durable. */
  note({ id, directoryUuid, startCount, startNonce }: Sender): void {
    this.#seen.set(id, { directoryUuid: directoryUuid.slice(), startCount, startNonce });
    const rows = [...this.#seen].map(([member, seen]): Value => {
      return [member, seen.directoryUuid, seen.startCount, seen.startNonce];
    });
    this.#store.set('seen', rows);
  }

  /** Members of which a life is known. */
  get heardOf(): Iterable<RaftId> {
    return this.#seen.keys();
  }

  hasHeardOf(id: RaftId): boolean {
    return this.#seen.has(id);
  }

  #isMarked(): boolean {
    const { files } = this.#env;
    const path = files.join(this.#path, MARKER_NAME);
    const size = files.status(path)?.sizeBytes ?? 0;
    if (size === 0) return false;
    const bytes = new Uint8Array(size);
    const file = files.open(path, 'read');
    try {
      file.read(bytes, 0, size, 0);
    } finally {
      file.close();
    }
    return new TextDecoder().decode(bytes) === this.#placeText();
  }

  #placeText(): string {
    const status = this.#env.files.status(this.#path);
    if (status === null) throw new FileError('ENOENT', 2, this.#path, 'stat');
    return `device ${status.device} inode ${status.inode}\n`;
  }
}

type SeenRow = readonly [id: RaftId, directoryUuid: Uint8Array, startCount: number, startNonce: number];

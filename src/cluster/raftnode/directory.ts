/**
 * Which life of a member this is. A member's votes and acknowledgements count only while its log is the one that they were
 * given from; so others are told where it lives, by a uuid of that place, and how often it was started.
 *
 * The place is the device and the inode of the data directory. It stands in the state, and in a marker file beside it, which is
 * a new file after each start and names itself as well: so a backup that is put back into its directory is noticed. If anything
 * of that does not fit, the directory was copied or restored, and the log in it may be older than what the member
 * has said: it gets a new uuid, and the other voters are asked before it takes part (`verification.ts`), as they also are for a
 * directory that was empty. Once they have agreed they believe nobody who lives where it came from. Of a directory and
 * its copy in one place that count alike, they believe the start that they have heard of first.
 *
 * Invariants: (1) the start is counted, and the uuid is there, durably before any message leaves; (2) the marker is written when
 * the directory is trusted, and never before; (3) a directory that was refused stays so, wherever it is copied.
 */
import { assert, clusterError, sameBytes } from '../../base/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';
import { type Env, FileError, type FileStatus } from '../../env/index.ts';
import { NO_ONE, type RaftId, raftId } from '../../raft/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import { type Life, type Sender, UUID_BYTES } from './message-codec.ts';
import type { RaftStore } from './store.ts';

const MARKER_NAME = 'raft.marker';
const NEW_SUFFIX = '.new';
/** Places that it came from are told to members that have missed some of its moves. */
const FORMER_MAX = 16;

/** Why a directory is not trusted; null: it is. */
export type Doubt = 'new' | 'moved' | null;

/** `leader` is NO_ONE if nobody has said who leads in it. */
export type NewestTerm = Readonly<{ term: number; leader: RaftId }>;

export type Judgement = 'known' | 'newer' | 'outdated';

/** What stands in the state. `formerUuids`: as in `Sender`; the place of a directory that was empty and never trusted is not among them. */
type Home = Readonly<{ uuid: Uint8Array; place: string; formerUuids: readonly Uint8Array[]; isTrusted: boolean }>;

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

  /**
   * Inside of a transaction: counts this start. Who `joins` with an empty directory has never said anything, and is trusted; so
   * is a directory that was trusted elsewhere if somebody vouches for it.
   * Throws STORAGE_CORRUPTED if another member lives here, INSTANCE_EXPELLED if the directory was refused.
   */
  begin(
    id: RaftId,
    { joins, isVouchedFor }: Readonly<{ joins: boolean; isVouchedFor: boolean }>,
  ): Readonly<{ sender: Sender; doubt: Doubt }> {
    const store = this.#store;
    const startNonce = this.#env.random.uint32();
    const place = this.#place();
    if (store.isNew) {
      const home: Home = { uuid: this.#newUuid(), place, formerUuids: [], isTrusted: joins };
      store.set('raft_id', id);
      store.set('gen', 1);
      this.#setHome(home);
      const sender = { id, directoryUuid: home.uuid, formerUuids: [], startCount: 1, startNonce };
      return { sender, doubt: joins ? null : 'new' };
    }
    this.#checkOwner(id, isVouchedFor);
    const startCount = Number(store.get('gen')) + 1;
    store.set('gen', startCount);
    const before = this.#home();
    const isHere = before.place === place && (!before.isTrusted || this.#isMarked());
    const found = isHere ? before : this.#movedTo(place, before);
    const home = isVouchedFor && found.formerUuids.length > 0 ? { ...found, isTrusted: true } : found;
    if (home !== before) this.#setHome(home);
    const { uuid: directoryUuid, formerUuids } = home;
    const sender = { id, directoryUuid, formerUuids, startCount, startNonce };
    if (home.isTrusted) return { sender, doubt: null };
    // Nobody trusted it yet, so it has said nothing.
    return { sender, doubt: formerUuids.length === 0 ? 'new' : 'moved' };
  }

  /**
   * From now on this directory, at this place, is the member's; the batch makes it durable. In the `newest` term that the others
   * know of, another instance of this member may have voted for itself and led: so this one votes for nobody in it, or for
   * who is known to lead, which changes nothing. Throws FileError, BoxError.
   */
  trust({ term, leader }: NewestTerm): CommitBatch | null {
    const home = this.#home();
    try {
      this.mark();
    } catch (error) {
      // A disk that is full need not keep the member from starting: the marker that is there fits as well.
      if (home.isTrusted && error instanceof FileError) return null;
      throw error;
    }
    if (home.isTrusted) return null;
    // An attempt before may have been undone.
    this.#store.reload();
    return this.#store.transaction((transactions) => {
      transactions.requireSync();
      const self = raftId(Number(this.#store.get('raft_id')));
      // An empty directory has no copy.
      if (home.formerUuids.length > 0) this.#store.raiseTerm(term, leader === NO_ONE ? self : leader);
      this.#setHome({ ...home, isTrusted: true });
    });
  }

  /** Throws FileError. */
  mark(): void {
    const { files } = this.#env;
    const path = files.join(this.#path, MARKER_NAME);
    const newPath = path + NEW_SUFFIX;
    if (files.status(newPath) !== null) files.remove(newPath);
    const file = files.open(newPath, 'create');
    try {
      const text = new TextEncoder().encode(this.#markerText(newPath));
      file.write(text, 0, text.length, 0);
      file.sync();
    } finally {
      file.close();
    }
    files.rename(newPath, path);
    files.syncDirectory(this.#path);
  }

  /** Others do not believe it, for this reason: nothing that happens later makes its log whole. */
  refuse(reason: string): CommitBatch | null {
    return this.#store.transaction((transactions) => {
      transactions.requireSync();
      this.#store.set('refused', reason);
    });
  }

  /** Whether a batch may be looked at: of a `newer` life when that is noted durably. */
  judge(sender: Sender): Judgement {
    return judgeLife(this.#seen.get(sender.id) ?? null, sender);
  }

  /** The last life that was seen of a member. */
  lifeOf(id: RaftId): Life | null {
    return this.#seen.get(id) ?? null;
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

  #checkOwner(id: RaftId, isVouchedFor: boolean): void {
    const known = this.#store.get('raft_id');
    if (known !== id) {
      throw clusterError('STORAGE_CORRUPTED', `${this.#path} is the directory of member ${String(known)}, not ${id}`);
    }
    const refused = this.#store.get('refused') ?? null;
    if (refused === null) return;
    if (isVouchedFor) this.#store.set('refused', null);
    else throw clusterError('INSTANCE_EXPELLED', String(refused));
  }

  #movedTo(place: string, { uuid, formerUuids, isTrusted }: Home): Home {
    // What was moved before may be believed by some already, though it was not trusted in the end.
    const wasShown = isTrusted || formerUuids.length > 0;
    const former = wasShown ? [uuid, ...formerUuids].slice(0, FORMER_MAX) : formerUuids;
    return { uuid: this.#newUuid(), place, formerUuids: former, isTrusted: false };
  }

  #newUuid(): Uint8Array {
    const uuid = new Uint8Array(UUID_BYTES);
    this.#env.random.fill(uuid);
    return uuid;
  }

  #home(): Home {
    const row = this.#store.get('directory') as HomeRow | undefined;
    assert(row !== undefined, 'the directory has a uuid');
    const [uuid, place, formerUuids, isTrusted] = row;
    return { uuid, place, formerUuids, isTrusted };
  }

  /** Inside of a transaction. */
  #setHome({ uuid, place, formerUuids, isTrusted }: Home): void {
    this.#store.set('directory', [uuid, place, formerUuids, isTrusted]);
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
    return new TextDecoder().decode(bytes) === this.#markerText(path);
  }

  #place(): string {
    const { device, inode } = this.#status(this.#path);
    return `device ${device} inode ${inode}`;
  }

  /** What the marker says that is this file. */
  #markerText(path: string): string {
    const { inode, birthMs } = this.#status(path);
    return `${this.#place()}, this file: inode ${inode} born ${birthMs.toFixed(3)}\n`;
  }

  #status(path: string): FileStatus {
    const status = this.#env.files.status(path);
    if (status === null) throw new FileError('ENOENT', 2, path, 'stat');
    return status;
  }
}

/** What a member that was `seen` in a life may think of who says that it is the same member. */
export function judgeLife(
  seen: Life | null,
  { directoryUuid, formerUuids, startCount, startNonce }: Sender,
): Judgement {
  if (seen === null) return 'newer';
  const isSame = sameBytes(seen.directoryUuid, directoryUuid);
  if (!isSame && !formerUuids.some((uuid) => sameBytes(uuid, seen.directoryUuid))) return 'outdated';
  if (startCount > seen.startCount) return 'newer';
  return isSame && startCount === seen.startCount && startNonce === seen.startNonce ? 'known' : 'outdated';
}

type HomeRow = readonly [uuid: Uint8Array, place: string, formerUuids: readonly Uint8Array[], isTrusted: boolean];
type SeenRow = readonly [id: RaftId, directoryUuid: Uint8Array, startCount: number, startNonce: number];

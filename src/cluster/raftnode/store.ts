/**
 * The log and the state of consensus on disk: rows of the local spaces `_raft_log` and `_raft_state`.
 *
 * Invariants: (1) the log has no gap between `compacted_index` and its end; (2) what one `Append` asks for is one
 * transaction, so it is there as a whole or not at all; (3) entries that were applied, and `applied`, change in one
 * transaction with the state; (4) terms of all entries, and the newest entries themselves, are also kept decoded.
 * Rows change in memory at once, as any transaction's do; who needs them durable waits for the batch. If the log refuses
 * a batch, all of it and everything behind it is undone, and `reload` reads what is left.
 */
import { assert, ByteWriter, clusterError } from '../../base/index.ts';
import {
  decodeValue,
  encodeValue,
  skipValue,
  type Value,
  writeArrayHeader,
  writeNil,
  writeUnsigned,
  writeString,
} from '../../codec/msgpack/index.ts';
import { NO_ADDRESS, tuplePosition, tupleSlab } from '../../engine/arena/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import {
  type Append,
  EMPTY_MEMBERSHIP,
  entriesBytes,
  entriesWithin,
  type Entry,
  type EntryId,
  type HardState,
  type LogReader,
  type MembershipState,
  NO_ENTRY,
  NO_ONE,
  type Payload,
  payloadBytes,
  type RaftId,
  type Snapshot,
} from '../../raft/index.ts';
import { entryData, entryTypeOf, FieldReader, payloadOf, writeBinary } from './encoding.ts';
import { RAFT_SPACE } from './spaces.ts';

/** Keys of `_raft_state`, as Picodata names them; those in the second half are ours. */
type StateKey =
  | 'raft_id'
  | 'gen'
  | 'term'
  | 'vote'
  | 'commit'
  | 'applied'
  | 'compacted_index'
  | 'compacted_term'
  | 'voters'
  | 'learners'
  | 'voters_outgoing'
  | 'learners_next'
  | 'auto_leave'
  | 'change_index'
  | 'directory'
  | 'refused'
  | 'addresses'
  | 'seen';

/** Decoded entries that are kept for members that are a little behind; with more, so many bytes of the oldest go at once. */
const CACHE_BYTES_MAX = 64 * 1024;
const CACHE_TRIM_BYTES = 16 * 1024;
/** What a row of `_raft_log` has besides the data, at the most. */
const ROW_OVERHEAD_BYTES = 32;
/** A new group begins behind this entry, which nobody has: so whoever joins later is filled by a snapshot. */
export const FIRST_ENTRY: EntryId = { term: 1, index: 1 };

export class RaftStore implements LogReader {
  readonly #box: Box;
  readonly #session: Session;
  readonly #writer = new ByteWriter(4096);
  #before: EntryId = NO_ENTRY;
  #lastIndex = 0;
  /** Where terms begin, ascending: an entry's term is that of the last one at or before it. */
  #termStarts: EntryId[] = [];
  /** The newest entries; the first one's index is `#lastIndex + 1 - #cache.length`. */
  #cache: Entry[] = [];
  #cacheBytes = 0;
  #logBytes = 0;
  #hardState: HardState = { term: 0, vote: NO_ONE, commit: 0 };
  /** The core's, not before that on disk. */
  #knownCommit = 0;
  #applied = 0;
  /** Gives a snapshot of what is applied; null: none at the moment. */
  takeSnapshot: () => Snapshot | null = () => null;

  /** `session` is the one that may write to the spaces of consensus. */
  constructor(box: Box, session: Session) {
    this.#box = box;
    this.#session = session;
    this.reload();
  }

  get session(): Session {
    return this.#session;
  }

  /** Nothing of consensus was ever kept here. */
  get isNew(): boolean {
    return this.get('raft_id') === undefined;
  }

  get applied(): number {
    return this.#applied;
  }

  /** Payload of the entries in the log. */
  get logBytes(): number {
    return this.#logBytes;
  }

  get entryCount(): number {
    return this.#lastIndex - this.#before.index;
  }

  initialState(): Readonly<{ hardState: HardState; membership: MembershipState }> {
    // Whatever was applied was committed; the commit index itself is written later.
    const commit = Math.max(this.#hardState.commit, this.#applied);
    return {
      hardState: { ...this.#hardState, commit: Math.min(commit, this.#lastIndex) },
      membership: this.#membership(),
    };
  }

  firstIndex(): number {
    return this.#before.index + 1;
  }

  lastIndex(): number {
    return this.#lastIndex;
  }

  lastEntry(): EntryId {
    return { index: this.#lastIndex, term: this.term(this.#lastIndex) ?? 0 };
  }

  /** The last change of the group is this entry, applied or not, or one before it. */
  changeIndex(): number {
    for (let index = this.#lastIndex; index > this.#applied; index--) {
      if (this.#read(index).payload.kind === 'membership') return index;
    }
    return Number(this.get('change_index') ?? 0);
  }

  term(index: number): number | null {
    if (index === this.#before.index) return this.#before.term;
    if (index < this.#before.index || index > this.#lastIndex) return null;
    const starts = this.#termStarts;
    let at = starts.length - 1;
    while (at > 0 && starts[at]!.index > index) at--;
    return starts[at]!.term;
  }

  entries(low: number, high: number, maxBytes: number): readonly Entry[] | null {
    if (low <= this.#before.index) return null;
    const cacheStart = this.#lastIndex + 1 - this.#cache.length;
    if (low >= cacheStart) return entriesWithin(this.#cache.slice(low - cacheStart, high - cacheStart), maxBytes);
    const entries: Entry[] = [];
    let bytes = 0;
    for (let index = low; index < high; index++) {
      const entry = this.#read(index);
      bytes += entriesBytes([entry]);
      if (bytes > maxBytes && entries.length > 0) break;
      entries.push(entry);
    }
    return entries;
  }

  /** Throws MEMTX_MAX_TUPLE_SIZE for what is too large to be an entry. */
  checkSize(payload: Payload): void {
    this.#box.catalog.space(RAFT_SPACE.log)?.checkSize(entryData(payload).length + ROW_OVERHEAD_BYTES);
  }

  snapshot(): Snapshot | null {
    return this.takeSnapshot();
  }

  /**
   * One transaction for all that `append` asks for, with `restore` for the rows of its snapshot; null: there is nothing. A commit
   * index that comes alone waits for the next one: who has entries has to know which changes of the group behind its
   * state are committed, for it may not stand before it has made them.
   */
  write(append: Append, restore: (snapshot: Snapshot) => void): CommitBatch | null {
    if (append.hardState !== null) this.#knownCommit = append.hardState.commit;
    if (!append.isSyncNeeded) return null;
    return this.transaction((transactions) => {
      transactions.requireSync();
      transactions.awaitBy('listeners');
      const { hardState, snapshot, entries } = append;
      if (hardState !== null) this.#setHardState(hardState);
      if (snapshot !== null) {
        restore(snapshot);
        this.#restart(snapshot);
      }
      this.#append(entries);
      this.#keepCommit(this.#knownCommit);
    });
  }

  /** Runs the body in a transaction of its own. Rolls it back and throws what the body throws; the caches are then read anew. */
  transaction(body: (transactions: Box['transactions']) => void): CommitBatch | null {
    const { transactions } = this.#box;
    transactions.begin();
    try {
      body(transactions);
      return transactions.commit();
    } catch (error) {
      if (transactions.isActive) transactions.rollback();
      this.reload();
      throw error;
    }
  }

  /** Inside of a transaction: everything up to `index` is applied. The commit index goes with it. */
  setApplied(index: number, commit: number): void {
    this.#applied = index;
    this.set('applied', index);
    this.#keepCommit(commit);
  }

  /** Inside of a transaction: what entry `index` has made of the group, or one before it. */
  setMembership({ voters, learners, outgoing, nextLearners, leavesByItself }: MembershipState, index: number): void {
    this.set('change_index', index);
    this.set('voters', voters);
    this.set('learners', learners);
    this.set('voters_outgoing', outgoing);
    this.set('learners_next', nextLearners);
    this.set('auto_leave', leavesByItself);
  }

  /** Inside of a transaction: the state that a new group begins with, the same on all of its first members. */
  begin(membership: MembershipState): void {
    this.#setBefore(FIRST_ENTRY);
    this.#lastIndex = FIRST_ENTRY.index;
    this.setApplied(FIRST_ENTRY.index, FIRST_ENTRY.index);
    this.#setHardState({ term: FIRST_ENTRY.term, vote: NO_ONE, commit: FIRST_ENTRY.index });
    this.setMembership(membership, FIRST_ENTRY.index);
  }

  /** Inside of a transaction, before there is a core: it stands in later terms only, and has given its vote in this one. */
  raiseTerm(term: number, vote: RaftId): void {
    if (term > this.#hardState.term) this.#setHardState({ ...this.#hardState, term, vote });
  }

  /** Inside of a transaction: entries up to `index` go, `countMax` at the most. */
  compact(index: number, countMax: number): void {
    const target = Math.min(index, this.#before.index + countMax);
    if (target <= this.#before.index) return;
    assert(target <= this.#applied, 'entries that are not applied cannot be compacted');
    const term = this.term(target);
    assert(term !== null, 'compaction beyond the end of the log');
    for (let at = this.firstIndex(); at <= target; at++) {
      this.#logBytes -= payloadBytes(this.#read(at).payload);
      this.#delete(at);
    }
    this.#setBefore({ term, index: target });
    const first = this.#termStarts.findLastIndex((start) => start.index <= target + 1);
    this.#termStarts = this.#termStarts.slice(Math.max(first, 0));
    this.#trimCache();
  }

  get(key: StateKey): Value | undefined {
    const space = this.#box.catalog.space(RAFT_SPACE.state);
    if (space === undefined) throw clusterError('STORAGE_CORRUPTED', 'there is no space _raft_state');
    const writer = new ByteWriter(32);
    writeString(writer, key);
    const tuple = space.index(0).find(writer.bytes, 0, 1);
    if (tuple === NO_ADDRESS) return undefined;
    const bytes = tupleSlab(space.arena, tuple);
    return decodeValue(bytes, skipValue(bytes, tuplePosition(tuple) + 1));
  }

  /** Inside of a transaction. */
  set(key: StateKey, value: Value): void {
    const writer = this.#writer;
    writer.reset();
    writeArrayHeader(writer, 2);
    writeString(writer, key);
    encodeValue(writer, value);
    this.#replace(RAFT_SPACE.state);
  }

  /** Forgets what is decoded, and reads what is there. */
  reload(): void {
    const number = (key: StateKey): number => Number(this.get(key) ?? 0);
    this.#hardState = { term: number('term'), vote: number('vote') as RaftId, commit: number('commit') };
    this.#knownCommit = this.#hardState.commit;
    this.#applied = number('applied');
    this.#before = { term: number('compacted_term'), index: number('compacted_index') };
    this.#cache = [];
    this.#cacheBytes = 0;
    this.#logBytes = 0;
    this.#termStarts = [];
    this.#lastIndex = this.#before.index;
    const size = this.#box.catalog.space(RAFT_SPACE.log)?.primary?.size ?? 0;
    for (let left = size; left > 0; left--) {
      const entry = this.#read(this.#lastIndex + 1);
      this.#noteTerm(entry);
      this.#logBytes += payloadBytes(entry.payload);
      this.#lastIndex = entry.index;
    }
  }

  #membership(): MembershipState {
    if (this.get('voters') === undefined) return EMPTY_MEMBERSHIP;
    const ids = (key: StateKey): readonly RaftId[] => (this.get(key) ?? []) as unknown as readonly RaftId[];
    return {
      voters: ids('voters'),
      learners: ids('learners'),
      outgoing: ids('voters_outgoing'),
      nextLearners: ids('learners_next'),
      leavesByItself: this.get('auto_leave') === true,
    };
  }

  #setHardState(state: HardState): void {
    const before = this.#hardState;
    if (state.term !== before.term) this.set('term', state.term);
    if (state.vote !== before.vote) this.set('vote', state.vote);
    this.#hardState = { ...state, commit: before.commit };
  }

  #keepCommit(commit: number): void {
    if (commit <= this.#hardState.commit) return;
    this.#hardState = { ...this.#hardState, commit };
    this.set('commit', commit);
  }

  #setBefore(id: EntryId): void {
    this.#before = id;
    this.set('compacted_index', id.index);
    this.set('compacted_term', id.term);
  }

  #append(entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    this.#truncate(first.index);
    for (const entry of entries) {
      const writer = this.#writer;
      writer.reset();
      writeRow(writer, entry);
      this.#replace(RAFT_SPACE.log);
      this.#noteTerm(entry);
      this.#cache.push(entry);
      this.#cacheBytes += payloadBytes(entry.payload);
      this.#logBytes += payloadBytes(entry.payload);
    }
    this.#lastIndex = entries.at(-1)!.index;
    this.#trimCache();
  }

  /** Entries from `index` on go. */
  #truncate(index: number): void {
    if (index > this.#lastIndex) return;
    for (let at = this.#lastIndex; at >= index; at--) {
      const cached = this.#cache.pop();
      const bytes = payloadBytes((cached ?? this.#read(at)).payload);
      if (cached !== undefined) this.#cacheBytes -= bytes;
      this.#logBytes -= bytes;
      this.#delete(at);
    }
    this.#lastIndex = index - 1;
    this.#termStarts = this.#termStarts.filter((start) => start.index < index);
  }

  /** The log begins behind a snapshot. */
  #restart(snapshot: Snapshot): void {
    this.#truncate(this.firstIndex());
    this.#setBefore(snapshot.id);
    this.#lastIndex = snapshot.id.index;
    this.setApplied(snapshot.id.index, snapshot.id.index);
    this.setMembership(snapshot.membership, snapshot.id.index);
  }

  #noteTerm({ term, index }: Entry): void {
    if (this.#termStarts.at(-1)?.term !== term) this.#termStarts.push({ term, index });
  }

  #trimCache(): void {
    const excess = this.#cache.length - this.entryCount;
    let drop = Math.max(0, excess);
    let bytes = this.#cacheBytes;
    for (let at = 0; at < drop; at++) bytes -= payloadBytes(this.#cache[at]!.payload);
    if (bytes > CACHE_BYTES_MAX) {
      const target = CACHE_BYTES_MAX - CACHE_TRIM_BYTES;
      while (bytes > target && drop < this.#cache.length - 1) bytes -= payloadBytes(this.#cache[drop++]!.payload);
    }
    if (drop === 0) return;
    this.#cache = this.#cache.slice(drop);
    this.#cacheBytes = bytes;
  }

  #read(index: number): Entry {
    const cacheStart = this.#lastIndex + 1 - this.#cache.length;
    const cached = index <= this.#lastIndex ? this.#cache[index - cacheStart] : undefined;
    if (cached !== undefined) return cached;
    const space = this.#box.catalog.space(RAFT_SPACE.log);
    const key = new ByteWriter(16);
    writeUnsigned(key, index);
    const tuple = space === undefined ? NO_ADDRESS : space.index(0).find(key.bytes, 0, 1);
    if (space === undefined || tuple === NO_ADDRESS) {
      throw clusterError('STORAGE_CORRUPTED', `entry ${index} is missing in _raft_log`);
    }
    const reader = new FieldReader(tupleSlab(space.arena, tuple), tuplePosition(tuple));
    reader.array();
    const entryType = reader.unsigned();
    reader.skip();
    // A copy: the memory of a tuple is used again when it is deleted.
    return { index, term: reader.unsigned(), payload: payloadOf(entryType, reader.binary().slice()) };
  }

  #replace(spaceId: number): void {
    const { bytes, position } = this.#writer;
    this.#box.statements.replace(this.#session, spaceId, bytes, 0, position);
  }

  #delete(index: number): void {
    const writer = this.#writer;
    writer.reset();
    writeArrayHeader(writer, 1);
    writeUnsigned(writer, index);
    this.#box.statements.delete(this.#session, RAFT_SPACE.log, 0, writer.bytes, 0);
  }
}

/** `[entry_type, index, term, data, context]`. */
function writeRow(writer: ByteWriter, { term, index, payload }: Entry): void {
  writeArrayHeader(writer, 5);
  writeUnsigned(writer, entryTypeOf(payload));
  writeUnsigned(writer, index);
  writeUnsigned(writer, term);
  writeBinary(writer, entryData(payload));
  writeNil(writer);
}

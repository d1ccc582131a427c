/**
 * Snapshots between members. The leader's message names one; the member comes for its pieces and hands it to its core when it
 * has them all. Invariant: a message that was lost, or pieces that nobody comes for, do not leave a member behind for good:
 * the core is told, and sends anew.
 */
import { BoxError, clusterError } from '../../base/index.ts';
import { LIMITS } from '../../config/index.ts';
import type { Box } from '../../engine/box/index.ts';
import type { SpaceMemory } from '../../engine/memtx/index.ts';
import { type Env, Logger } from '../../env/index.ts';
import type { EntryId, Message, RaftId, Snapshot } from '../../raft/index.ts';
import { type AddressBook, encodeAddresses } from './addresses.ts';
import type { Driver } from './driver.ts';
import type { ConsensusOptions } from './options.ts';
import { type Chunk, SnapshotViews } from './snapshots.ts';
import type { RaftStore } from './store.ts';
import type { Transport } from './transport.ts';

export const NEXT_CHUNK = '.proc_raft_snapshot_next_chunk';

export type TransferNeeds = Readonly<{
  env: Env;
  box: Box;
  memory: SpaceMemory;
  options: ConsensusOptions;
  store: RaftStore;
  addresses: AddressBook;
  transport: Transport;
}>;

export class SnapshotTransfer {
  readonly #needs: TransferNeeds;
  readonly #log: Logger;
  readonly #views: SnapshotViews;
  #isFetching = false;
  #isClosed = false;
  /** Since when a member is waited for. */
  readonly #waitingSinceMs = new Map<RaftId, number>();

  /** The store's snapshots are made here from now on. */
  constructor(needs: TransferNeeds) {
    this.#needs = needs;
    this.#log = new Logger(needs.env.log, 'raft');
    this.#views = new SnapshotViews(needs.box, needs.memory, needs.options.snapshotChunkBytes);
    needs.store.takeSnapshot = () => this.#take();
  }

  close(): void {
    this.#isClosed = true;
    this.#views.close();
  }

  /** A piece for a member that asks. Throws RAFT_SNAPSHOT_READ_VIEW_NOT_AVAILABLE. */
  chunk(id: EntryId, number: number): Chunk {
    return this.#views.chunk(id, number, this.#nowMs());
  }

  /** Gets the pieces from the leader, then lets the core have the message. Other snapshots are passed over meanwhile. */
  fetch(driver: Driver, message: Message & Readonly<{ kind: 'snapshot-request' }>): void {
    const { from, snapshot } = message;
    // What is committed here needs no pieces: the core says so.
    if (snapshot.id.index <= driver.status.committed) return driver.receive(message);
    if (this.#isFetching) return;
    this.#isFetching = true;
    this.#fetchChunks(from, snapshot.id).then(
      (chunks) => {
        this.#isFetching = false;
        if (!this.#isClosed) driver.receiveSnapshot(message, chunks);
      },
      (error: unknown) => {
        this.#isFetching = false;
        if (!(error instanceof BoxError)) throw error;
        if (!this.#isClosed) this.#log.warn(`the snapshot of member ${from} could not be had: ${error.message}`);
      },
    );
  }

  /** Called now and then: gives up views that nobody reads, and members that do not come for their pieces. */
  watch(driver: Driver): void {
    const nowMs = this.#nowMs();
    const readMs = this.#views.usedMs;
    if (readMs !== null && nowMs - readMs > LIMITS.raftSnapshotViewMsMax) this.#views.close();
    if (driver.status.role !== 'leader') return this.#waitingSinceMs.clear();
    for (const { id, state } of driver.node.progress()) {
      if (state !== 'snapshot') {
        this.#waitingSinceMs.delete(id);
        continue;
      }
      const sinceMs = this.#waitingSinceMs.get(id) ?? nowMs;
      this.#waitingSinceMs.set(id, sinceMs);
      if (nowMs - Math.max(sinceMs, readMs ?? 0) < this.#patienceMs) continue;
      this.#waitingSinceMs.delete(id);
      driver.node.reportSnapshot(id, false);
    }
  }

  get #patienceMs(): number {
    const { electionTicks, tickMs } = this.#needs.options;
    return 2 * electionTicks * tickMs;
  }

  #take(): Snapshot | null {
    const { box, store, addresses } = this.#needs;
    // Between the changes of a transaction the state is that of no entry.
    if (box.transactions.isActive) return null;
    const index = store.applied;
    const term = store.term(index);
    if (term === null) return null;
    const id = { term, index };
    this.#views.open(id, this.#nowMs());
    return { id, membership: store.initialState().membership, data: encodeAddresses(addresses.all) };
  }

  /** Rejects with the leader's error, TIMEOUT or NO_CONNECTION. */
  async #fetchChunks(leader: RaftId, id: EntryId): Promise<Uint8Array[]> {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const args = [id.term, id.index, chunks.length];
      const [bytes, isLast] = await this.#needs.transport.call(leader, NEXT_CHUNK, args, this.#patienceMs);
      if (!(bytes instanceof Uint8Array)) throw clusterError('OTHER', `member ${leader} sent a piece of no bytes`);
      chunks.push(bytes);
      if (isLast === true) return chunks;
    }
  }

  #nowMs(): number {
    return this.#needs.env.clock.monotonicMs();
  }
}

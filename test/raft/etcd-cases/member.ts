/** One member of a case's group: the node, its log in memory, and a state that is all data so far, one behind the other. */
import {
  type Append,
  EMPTY_MEMBERSHIP,
  type Entry,
  MemoryStorage,
  type MembershipState,
  NO_ENTRY,
  type RaftId,
  RaftNode,
  type RaftOptions,
  type Snapshot,
} from '../../../src/raft/index.ts';
import { TEST_OPTIONS } from '../../../src/raft/group-fixture.ts';
import type { Work } from './threads.ts';

export type Start = Readonly<{
  id: RaftId;
  isAsynchronous: boolean;
  snapshot: Snapshot | null;
  options: Partial<RaftOptions>;
}>;

const EMPTY_SNAPSHOT: Snapshot = { id: NO_ENTRY, membership: EMPTY_MEMBERSHIP, data: new Uint8Array(0) };

/** A snapshot is always of all that is applied. */
class CaseStorage extends MemoryStorage {
  latest: Snapshot;

  constructor(snapshot: Snapshot | null) {
    super();
    this.latest = snapshot ?? EMPTY_SNAPSHOT;
    if (snapshot !== null) this.restore(snapshot);
  }

  override snapshot(): Snapshot | null {
    return this.latest;
  }
}

export class Member {
  readonly id: RaftId;
  readonly isAsynchronous: boolean;
  readonly storage: CaseStorage;
  readonly node: RaftNode;
  readonly appendWork: Work[] = [];
  readonly applyWork: Work[] = [];

  constructor({ id, isAsynchronous, snapshot, options }: Start) {
    this.id = id;
    this.isAsynchronous = isAsynchronous;
    this.storage = new CaseStorage(snapshot);
    this.node = new RaftNode({
      ...TEST_OPTIONS,
      id,
      storage: this.storage,
      random: { below: (bound) => bound - 1 },
      appliedIndex: snapshot === null ? 0 : snapshot.id.index,
      electionTicks: 3,
      appliesUnstable: !isAsynchronous,
      ...options,
    });
  }

  write({ hardState, snapshot, entries }: Append): void {
    if (hardState !== null) this.storage.hardState = hardState;
    if (snapshot !== null) this.storage.restore(snapshot);
    this.storage.append(entries);
  }

  apply(entries: readonly Entry[]): void {
    for (const { term, index, payload } of entries) {
      let { membership }: Readonly<{ membership: MembershipState }> = this.storage.latest;
      let update = new Uint8Array(0);
      if (payload.kind === 'data') update = Uint8Array.from(payload.data);
      else membership = this.node.applyMembership(payload.change);
      const data = Buffer.concat([this.storage.latest.data, update]);
      this.storage.latest = { id: { term, index }, membership, data };
    }
  }
}

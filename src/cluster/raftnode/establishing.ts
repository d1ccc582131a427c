/** The first transaction of a start: who this member is, the state that it begins with, and that it was started once more. */
import { type BoxError } from '../../base/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import { EMPTY_MEMBERSHIP, type RaftId, raftId } from '../../raft/index.ts';
import type { AddressBook } from './addresses.ts';
import type { Doubt, MemberDirectory } from './directory.ts';
import type { Sender } from './message-codec.ts';
import type { ConsensusOptions } from './options.ts';
import type { RaftStore } from './store.ts';

export type Establishment = Readonly<{ sender: Sender; doubt: Doubt }>;

/**
 * Resolves when it is durable. Who founds a group begins with all founders as voters; who joins one has no members yet, and
 * gets them with its first snapshot. Rejects with BoxError.
 */
export async function establish({
  options,
  store,
  directory,
  addresses,
}: Readonly<{
  options: ConsensusOptions;
  store: RaftStore;
  directory: MemberDirectory;
  addresses: AddressBook;
}>): Promise<Establishment> {
  const id = raftId(options.id);
  const { isNew } = store;
  let establishment: Establishment | null = null;
  const batch = store.transaction((transactions) => {
    transactions.requireSync();
    establishment = directory.begin(id, { joins: options.members.length === 0, isVouchedFor: options.trustsDirectory });
    if (!isNew) return;
    const members = new Map(options.members.map((member): [RaftId, string] => [raftId(member.id), member.address]));
    addresses.replace(members);
    store.set('addresses', addresses.rows());
    const voters = [...members.keys()].sort((one, other) => one - other);
    if (voters.length > 0) store.begin({ ...EMPTY_MEMBERSHIP, voters });
  });
  if (!isNew) addresses.reload(store);
  await durable(batch);
  return establishment!;
}

/** Resolves when the batch is durable; rejects with the error that it was undone by. */
export function durable(batch: CommitBatch | null): Promise<void> {
  if (batch === null) return Promise.resolve();
  return new Promise((resolve, reject: (error: BoxError) => void) => {
    batch.listeners.push({ settled: (error) => (error === null ? resolve() : reject(error)) });
  });
}

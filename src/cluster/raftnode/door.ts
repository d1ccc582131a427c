/**
 * What members ask of each other, as procedures that only instances may call, and the other side of it.
 *
 * - `.proc_raft_interact` (batch): messages. Looked at when the start of their sender is noted durably.
 * - `.proc_raft_testify` (asked member, member, directory, former directories, start, nonce, is final): what was heard of that
 *   member. The last time who asks is noted durably first: where its directory came from nobody is believed from then on.
 * - `.proc_raft_propose` (type, data, condition): an entry for the log of this leader; answered with its term and index.
 * - `.proc_raft_snapshot_next_chunk` (term, index, number): a piece of a snapshot, and whether it is the last one.
 */
import { type BoxError, boxError, clusterError } from '../../base/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';
import { PRIVILEGE } from '../../engine/access/index.ts';
import type { Box, ProcedureResult, Session } from '../../engine/box/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import { type EntryId, type Payload, type RaftId, raftId } from '../../raft/index.ts';
import { decodeAddresses } from './addresses.ts';
import { judgeLife, type MemberDirectory } from './directory.ts';
import { entryData, entryTypeOf, payloadOf } from './encoding.ts';
import { durable } from './establishing.ts';
import { type Batch, readBatch, type Sender, UUID_BYTES } from './message-codec.ts';
import type { EncodedRange } from './predicate.ts';
import type { Condition } from './proposals.ts';
import type { Chunk } from './snapshots.ts';
import type { RaftStore } from './store.ts';
import { NEXT_CHUNK } from './snapshot-transfer.ts';
import { INTERACT, type Transport } from './transport.ts';
import { encodeTestimony, type Testimony } from './verification.ts';

export const TESTIFY = '.proc_raft_testify';
const PROPOSE = '.proc_raft_propose';

export type DoorHandlers = Readonly<{
  receive: (batch: Batch) => void;
  /** This member believes in another life of ours: another directory, or a later start. */
  onDisbelieved: (by: RaftId) => void;
  /** What a batch of this member is answered with, now or in a moment. */
  answerTo: (id: RaftId) => Promise<ProcedureResult>;
  testify: (about: RaftId, sender: Sender) => Testimony;
  propose: (payload: Payload, condition: Condition) => Promise<EntryId>;
  chunk: (id: EntryId, number: number) => Chunk;
}>;

export class GroupDoor {
  readonly #box: Box;
  readonly #self: RaftId;
  readonly #store: RaftStore;
  readonly #directory: MemberDirectory;
  readonly #handlers: DoorHandlers;
  /** As whom this member speaks; null before it does. */
  #own: Sender | null = null;
  /** Batches of members whose start is being noted. */
  readonly #noting = new Map<RaftId, Promise<void>>();

  constructor(box: Box, self: RaftId, store: RaftStore, directory: MemberDirectory, handlers: DoorHandlers) {
    this.#box = box;
    this.#self = self;
    this.#store = store;
    this.#directory = directory;
    this.#handlers = handlers;
  }

  open(): void {
    const { procedures } = this.#box;
    procedures.register(INTERACT, (session, [bytes]) => this.#interact(session, bytes));
    procedures.register(TESTIFY, (session, args) => this.#testify(session, args));
    procedures.register(PROPOSE, (session, args) => this.#propose(session, args), true);
    procedures.register(NEXT_CHUNK, (session, args) => this.#nextChunk(session, args));
  }

  introduce(own: Sender): void {
    this.#own = own;
  }

  close(): void {
    for (const name of [INTERACT, TESTIFY, PROPOSE, NEXT_CHUNK]) this.#box.procedures.unregister(name);
  }

  /** Asks the leader. Rejects with its refusal, or with what leaves open whether the entry is in its log. */
  async proposeAt(
    transport: Transport,
    leader: RaftId,
    payload: Payload,
    condition: Condition,
    timeoutMs: number,
  ): Promise<EntryId> {
    const args = [entryTypeOf(payload), entryData(payload), encodeCondition(condition)];
    const [term, index] = await transport.call(leader, PROPOSE, args, timeoutMs);
    return { term: Number(term), index: Number(index) };
  }

  #interact(session: Session, bytes: Value | undefined): Promise<ProcedureResult> {
    checkCaller(session, INTERACT);
    if (!(bytes instanceof Uint8Array)) throw boxError('ILLEGAL_PARAMS', 'a batch is binary data');
    return this.#handlers.answerTo(this.accept(bytes));
  }

  /** Takes a batch of another member, and returns who has sent it. Throws BoxError. */
  accept(bytes: Uint8Array): RaftId {
    const batch = readBatch(bytes);
    const { sender } = batch;
    if (batch.messages.some(({ to }) => to !== this.#self)) {
      throw boxError('ILLEGAL_PARAMS', `this is member ${this.#self}, and the messages are for another one`);
    }
    const judgement = this.#directory.judge(sender);
    if (judgement === 'outdated') {
      throw anotherLife(sender.id);
    }
    if (judgement === 'newer') this.#note(sender);
    // What answers another instance of this member would count here for what that one has said.
    if (this.#own !== null && judgeLife(batch.recipient, this.#own) === 'outdated')
      this.#handlers.onDisbelieved(sender.id);
    else this.#deliver(batch);
    return sender.id;
  }

  /** Behind the noting of its sender's life, if that is on its way; another one may be believed then. */
  #deliver(batch: Batch): void {
    const noting = this.#noting.get(batch.sender.id);
    if (noting === undefined) return this.#handlers.receive(batch);
    const deliver = (): void => {
      if (this.#directory.judge(batch.sender) === 'known') this.#handlers.receive(batch);
    };
    void noting.then(deliver).catch(() => undefined);
  }

  #note(sender: Sender): void {
    let batch: CommitBatch | null;
    try {
      batch = this.#store.transaction((transactions) => {
        transactions.requireSync();
        this.#directory.note(sender);
      });
    } catch (error) {
      this.#directory.reload();
      throw error;
    }
    const noting = durable(batch).finally(() => {
      if (this.#noting.get(sender.id) === noting) this.#noting.delete(sender.id);
    });
    noting.catch(() => this.#directory.reload());
    this.#noting.set(sender.id, noting);
  }

  async #testify(session: Session, args: readonly Value[]): Promise<ProcedureResult> {
    checkCaller(session, TESTIFY);
    const [asked, about, directoryUuid, formerUuids, startCount, startNonce, isFinal] = args;
    if (asked !== this.#self) throw boxError('ILLEGAL_PARAMS', `this is member ${this.#self}, not ${String(asked)}`);
    if (!isPositive(about) || about === this.#self) throw boxError('ILLEGAL_PARAMS', 'there is no such member');
    if (!isPositive(startCount) || !Number.isSafeInteger(startNonce)) {
      throw boxError('ILLEGAL_PARAMS', 'a start has a count and a number');
    }
    if (!isUuid(directoryUuid) || !Array.isArray(formerUuids) || !formerUuids.every(isUuid)) {
      throw boxError('ILLEGAL_PARAMS', 'a directory is 16 bytes');
    }
    const id = raftId(about);
    const sender: Sender = { id, directoryUuid, formerUuids, startCount, startNonce: Number(startNonce) };
    const testimony = this.#handlers.testify(id, sender);
    if (isFinal === true && this.#directory.judge(sender) === 'newer') this.#note(sender);
    await this.#noting.get(id);
    return encodeTestimony(testimony);
  }

  async #propose(session: Session, [entryType, data, condition]: readonly Value[]): Promise<ProcedureResult> {
    checkCaller(session, PROPOSE);
    if (!(data instanceof Uint8Array)) throw boxError('ILLEGAL_PARAMS', 'the data of an entry is binary');
    const payload = payloadOf(Number(entryType), data);
    if (payload.kind === 'membership' && decodeAddresses(payload.change.context) === null) {
      throw boxError('ILLEGAL_PARAMS', 'the addresses of a change are [[id, address], ...]');
    }
    const { term, index } = await this.#handlers.propose(payload, decodeCondition(condition ?? null));
    return [term, index];
  }

  #nextChunk(session: Session, [term, index, number]: readonly Value[]): ProcedureResult {
    checkCaller(session, NEXT_CHUNK);
    const { bytes, isLast } = this.#handlers.chunk({ term: Number(term), index: Number(index) }, Number(number));
    return [bytes, isLast];
  }
}

export function anotherLife(id: number): BoxError {
  return clusterError('INSTANCE_EXPELLED', `member ${id} lives in another directory, or was started later`);
}

/** Who may do everything, as the instances of a cluster may; these are no procedures for users. */
function checkCaller({ effectiveUser }: Session, procedure: string): void {
  const { read, write, execute, create, alter, drop } = PRIVILEGE;
  const needed = read | write | execute | create | alter | drop;
  if ((effectiveUser.universe & needed) === needed) return;
  throw boxError('ACCESS_DENIED', 'Execute', 'function', procedure, effectiveUser.userName);
}

function isPositive(value: Value | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isUuid(value: Value | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === UUID_BYTES;
}

function encodeCondition(condition: Condition): Value {
  if (condition === null) return null;
  const { index, term, ranges } = condition;
  const bound = (given: EncodedRange['min']): Value => (given === null ? null : [given.isIncluded, given.key]);
  return [index, term, ranges.map(({ spaceId, min, max }): Value => [spaceId, bound(min), bound(max)])];
}

function decodeCondition(value: Value): Condition {
  if (!Array.isArray(value)) return null;
  const [index, term, ranges] = value as readonly Value[];
  const bound = (given: Value | undefined): EncodedRange['min'] => {
    if (!Array.isArray(given)) return null;
    const [isIncluded, key] = given as readonly Value[];
    if (!(key instanceof Uint8Array)) throw boxError('ILLEGAL_PARAMS', 'a bound has a key');
    return { isIncluded: isIncluded === true, key };
  };
  const rows = (Array.isArray(ranges) ? ranges : []) as readonly (readonly Value[])[];
  return {
    index: Number(index),
    term: term === null || term === undefined ? null : Number(term),
    ranges: rows.map(([spaceId, min, max]) => ({ spaceId: Number(spaceId), min: bound(min), max: bound(max) })),
  };
}

/**
 * Consensus as an instance has it: one log for the group, and operations on global spaces that all members make in its order.
 *
 * Invariants: (1) an operation that was acknowledged is in the log of a quorum, durably, and is applied here; (2) an error
 * with one of the refusals' codes (docs/consensus.md) says that the operation has not happened and will not; any other says that
 * nobody knows; (3) a read that was confirmed sees everything that was acknowledged before it was asked for.
 */
import { BoxError, boxError, clusterError } from '../../base/index.ts';
import type { Box } from '../../engine/box/index.ts';
import type { SpaceMemory } from '../../engine/memtx/index.ts';
import { LIMITS } from '../../config/index.ts';
import { type Env, Logger, type TimerHandle } from '../../env/index.ts';
import {
  type EntryId,
  NO_ONE,
  type Payload,
  type RaftId,
  type RaftNode,
  type RaftStatus,
  raftId,
} from '../../raft/index.ts';
import { adviceFor, admit } from './admission.ts';
import { AddressBook, isOfLeader } from './addresses.ts';
import { MemberDirectory } from './directory.ts';
import { Driver, type Outcome } from './driver.ts';
import { anotherLife, GroupDoor } from './door.ts';
import { ForgottenVotes } from './forgotten-votes.ts';
import { aliveMs } from './hearing.ts';
import { membershipChange, type MembershipRequest } from './membership-request.ts';
import type { Batch, Sender } from './message-codec.ts';
import { MemoryShare } from './memory-share.ts';
import { encodeOperation, type GlobalOperation } from './operations.ts';
import type { ConsensusOptions } from './options.ts';
import { type CasPredicate, encodeRange } from './predicate.ts';
import { type Condition, Proposals } from './proposals.ts';
import { Reads } from './reads.ts';
import { SnapshotTransfer } from './snapshot-transfer.ts';
import { createRaftSpaces, takeRaftSpaces } from './spaces.ts';
import { type ConsensusStatus, statusOf } from './status.ts';
import { RaftStore } from './store.ts';
import { type Credentials, Transport } from './transport.ts';
import { HeardMembers, type Testimony } from './verification.ts';
import { Waiters } from './waiters.ts';
import { durable, establish } from './establishing.ts';

/** How long to wait; after that nobody knows whether the operation has happened or will. */
export type Patience = Readonly<{ timeoutMs?: number }>;

export type ConsensusNeeds = Readonly<{
  env: Env;
  box: Box;
  memory: SpaceMemory;
  dataDir: string;
  options: ConsensusOptions;
  credentials: Credentials;
  /** The instance cannot take part any more. */
  onFailure: (error: Error) => void;
}>;

const TIMEOUT_MS = 10_000;
/** A follower stands for election after two at the most. */
const SILENT_ELECTIONS = 3;

export class Consensus {
  readonly options: ConsensusOptions;
  readonly #needs: ConsensusNeeds;
  readonly #log: Logger;
  readonly #store: RaftStore;
  readonly #directory: MemberDirectory;
  readonly #addresses: AddressBook;
  readonly #transport: Transport;
  readonly #snapshots: SnapshotTransfer;
  readonly #door: GroupDoor;
  readonly #applied = new Waiters<Outcome | null>();
  readonly #reads = new Reads();
  readonly #led = new Waiters<null>();
  #driver: Driver | null = null;
  #proposals: Proposals | null = null;
  #heard: HeardMembers;
  #tickTimer: TimerHandle | null = null;
  #expiryTimer: TimerHandle | null = null;
  #ticks = 0;
  #isStopped = false;
  #forgottenVotes: ForgottenVotes | null = null;

  constructor(needs: ConsensusNeeds) {
    this.#needs = needs;
    this.options = needs.options;
    this.#log = new Logger(needs.env.log, 'raft');
    createRaftSpaces(needs.box);
    this.#store = new RaftStore(needs.box, takeRaftSpaces(needs.box));
    this.#directory = new MemberDirectory(needs.env, needs.dataDir, this.#store);
    const { tickMs, electionTicks } = this.options;
    const times = { retryMs: tickMs, silenceMs: SILENT_ELECTIONS * electionTicks * tickMs };
    this.#transport = new Transport(needs.env, needs.credentials, times, {
      onUnreachable: (id) => this.#driver?.node.reportUnreachable(id),
      onBatch: (bytes) => this.#answered(bytes),
      onRefused: (id, error) => this.#refused(id, error),
      lifeOf: (id) => this.#directory.lifeOf(id),
    });
    this.#addresses = new AddressBook((addresses) => {
      const others = new Map([...addresses].filter(([id]) => id !== this.options.id));
      this.#transport.setAddresses(others, addresses.get(raftId(this.options.id)) ?? '');
    });
    this.#snapshots = new SnapshotTransfer({
      env: needs.env,
      box: needs.box,
      memory: needs.memory,
      options: this.options,
      store: this.#store,
      addresses: this.#addresses,
      transport: this.#transport,
    });
    this.#heard = this.#newHeard();
    this.#door = new GroupDoor(needs.box, this.options.id as RaftId, this.#store, this.#directory, {
      receive: (batch) => this.#receive(batch),
      onDisbelieved: (id) => this.#refused(id, anotherLife(this.options.id)),
      answerTo: (id) => (this.#driver === null ? Promise.resolve([]) : this.#transport.answerTo(id)),
      testify: (about, sender) => this.#testify(about, sender),
      propose: (payload, condition) => this.#proposeHere(payload, condition),
      chunk: (id, number) => this.#snapshots.chunk(id, number),
    });
  }

  /**
   * Counts this start, and takes part when the directory is trusted; others may have to be asked for that, in the
   * background. Rejects with StartConflict, BoxError or FileError.
   */
  async start(): Promise<void> {
    this.#door.open();
    const { env, dataDir, options, onFailure } = this.#needs;
    // Who joins with an empty directory has never voted, so it has nothing to have lost.
    if (this.#store.isNew && options.members.length === 0) this.#directory.mark();
    const { sender, doubt } = await establish({
      options,
      store: this.#store,
      directory: this.#directory,
      addresses: this.#addresses,
    });
    this.#heard = this.#newHeard();
    this.#reads.begin(sender.startCount);
    this.#transport.introduce(sender);
    this.#door.introduce(sender);
    this.#expiryTimer = env.timers.every(options.tickMs, () => this.#expire());
    if (options.trustsDirectory)
      this.#log.warn(`option trustsDirectory: ${dataDir} is taken for whole, whatever the others know`);
    if (doubt === null) {
      await durable(this.#directory.trust({ term: 0, leader: NO_ONE }));
      return this.#run();
    }
    const own = { directory: this.#directory, store: this.#store, transport: this.#transport };
    admit({ env, dataDir, options, ...own, isStopped: () => this.#isStopped }, sender, doubt)
      .then(() => this.#isStopped || this.#run())
      .catch((error: unknown) => onFailure(error instanceof Error ? error : new Error(String(error))));
  }

  /** A leader hands over first, so that the others need not find out that it is gone. */
  async stop(): Promise<void> {
    if (!this.#isStopped) await this.#handOver();
    this.#isStopped = true;
    this.#end(boxError('TIMEOUT'));
    this.#expiryTimer?.cancel();
    this.#door.close();
    this.#transport.close();
    this.#snapshots.close();
  }

  /** Whether it takes part: the directory is trusted. */
  get isRunning(): boolean {
    return this.#driver !== null;
  }

  /** The core. For the simulator, which breaks it on purpose. Throws UNINITIALIZED before it runs. */
  get node(): RaftNode {
    return this.#running().node;
  }

  status(): ConsensusStatus {
    return statusOf(this.options.id, this.#store, this.#driver);
  }

  /**
   * Puts an operation into the log; resolves when it is applied here, with its place. Rejects with the operation's own error,
   * which is the same everywhere, a refusal, or what a lost connection or time leaves unknown.
   */
  async propose(operation: GlobalOperation, patience: Patience = {}): Promise<EntryId> {
    const data = encodeOperation(this.#needs.box, operation);
    return this.#settled({ kind: 'data', data }, null, patience);
  }

  /**
   * The same if nothing that it relies on has changed since entry `predicate.index`: the keys that it changes itself, and
   * those of `predicate.ranges`. Else it rejects with CAS_CONFLICT_FOUND, or RAFT_LOG_COMPACTED if nobody can tell.
   */
  async compareAndSwap(
    operation: GlobalOperation,
    predicate: CasPredicate = {},
    patience: Patience = {},
  ): Promise<EntryId> {
    const { box } = this.#needs;
    const data = encodeOperation(box, operation);
    const { index = this.#store.applied, term = null, ranges = [] } = predicate;
    const condition = { index, term, ranges: ranges.map((range) => encodeRange(box, range)) };
    return this.#settled({ kind: 'data', data }, condition, patience);
  }

  /** Resolves when everything is applied here that had been acknowledged anywhere when it was called; with that entry's index. */
  async readIndex(patience: Patience = {}): Promise<number> {
    const deadlineMs = this.#deadlineMs(patience);
    const driver = this.#driver ?? (await this.#begun(deadlineMs));
    const index = this.#reads.ask(driver.node, deadlineMs);
    driver.schedule();
    return this.#reached(await index, deadlineMs);
  }

  /** Resolves when the entry is applied here. Rejects with TIMEOUT. */
  async waitIndex(index: number, patience: Patience = {}): Promise<number> {
    return this.#reached(index, this.#deadlineMs(patience));
  }

  /** Resolves when the other member leads. Rejects with TIMEOUT; the old one may lead on then. */
  async transferLeadership(to: number, patience: Patience = {}): Promise<void> {
    const deadlineMs = this.#deadlineMs(patience);
    const driver = this.#driver ?? (await this.#begun(deadlineMs));
    const { leader, membership } = driver.status;
    if (leader === to) return;
    if (!membership.voters.includes(raftId(to))) throw boxError('ILLEGAL_PARAMS', `member ${to} is no voter`);
    if (leader === 0) throw clusterError('LEADER_UNKNOWN');
    const led = this.#led.add(to, deadlineMs);
    driver.node.transferLeadership(raftId(to));
    driver.schedule();
    await led;
  }

  /** Changes who belongs to the group; one change at a time. Resolves when it is applied here. */
  async changeMembership(request: MembershipRequest, patience: Patience = {}): Promise<EntryId> {
    const change = membershipChange(request, this.#addresses.all);
    return this.#settled({ kind: 'membership', change }, null, patience);
  }

  /** Lets entries up to `upToIndex` go, of those that are applied; resolves with the index of the first one that is left. */
  async compact(upToIndex = Infinity): Promise<number> {
    const driver = this.#running();
    const target = Math.min(upToIndex, this.#store.applied);
    while (this.#store.firstIndex() <= target && !this.#isStopped) {
      if (!driver.compact(target)) break;
      await new Promise<void>((resolve) => this.#needs.env.timers.nextTurn(resolve));
    }
    return this.#store.firstIndex();
  }

  #running(): Driver {
    if (this.#driver !== null) return this.#driver;
    throw clusterError('UNINITIALIZED', 'the other members have not confirmed this one yet');
  }

  /** Others may have to confirm this member first; that is waited for. Rejects with UNINITIALIZED when the time is over. */
  async #begun(deadlineMs: number): Promise<Driver> {
    const { tickMs } = this.options;
    while (this.#driver === null && !this.#isStopped && this.#nowMs() + tickMs < deadlineMs) {
      await this.#needs.env.timers.sleep(tickMs);
    }
    return this.#running();
  }

  #run(): void {
    const { env, box, options } = this.#needs;
    const memoryShare = new MemoryShare(this.#needs.memory.arena);
    const driver = new Driver({
      env,
      box,
      memoryShare,
      store: this.#store,
      transport: this.#transport,
      addresses: this.#addresses,
      options,
      handlers: {
        onApplied: (outcomes) => this.#onApplied(outcomes),
        onRestoring: (index) => {
          this.#restoredIndex = index;
        },
        onRestored: (index) => this.#onRestored(index),
        onRead: (requestId, index) => this.#reads.confirmed(requestId, index),
        onStanding: ({ leader }) => this.#led.resolve(leader, null),
        onTurn: () => {
          this.#reads.endTurn();
          this.#proposals?.propose();
        },
      },
    });
    this.#forgottenVotes = new ForgottenVotes(driver.status);
    this.#driver = driver;
    this.#proposals = new Proposals({ box, store: this.#store, driver, memoryShare });
    this.#tickTimer = env.timers.every(options.tickMs, () => this.#tick(driver));
    driver.start();
  }

  #tick(driver: Driver): void {
    driver.tick();
    this.#transport.tick();
    this.#reads.askAgain(driver.node);
    if (++this.#ticks % this.options.electionTicks === 0) this.#snapshots.watch(driver);
  }

  #expire(): void {
    const nowMs = this.#nowMs();
    for (const waiters of [this.#applied, this.#led]) waiters.expire(nowMs, () => boxError('TIMEOUT'));
    // A read that nobody confirmed has not happened.
    const hasLeader = this.#driver !== null && this.#driver.status.leader !== NO_ONE;
    this.#reads.expire(nowMs, () => (hasLeader ? boxError('TIMEOUT') : clusterError('LEADER_UNKNOWN')));
  }

  /** A batch that came as an answer to one of ours. */
  #answered(bytes: Uint8Array): boolean {
    try {
      this.#door.accept(bytes);
      return true;
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      this.#log.warn(`an answer of another member was passed over: ${error.message}`);
      return false;
    }
  }

  #receive(batch: Batch): void {
    const driver = this.#driver;
    if (driver === null) return;
    if (this.#addresses.all.get(batch.sender.id) !== batch.address) this.#learnAddress(batch, driver.status);
    try {
      for (const message of batch.messages) {
        if (this.#forgottenVotes?.forbids(message, () => driver.status) === true) continue;
        this.#heard.hear(message, this.#nowMs(), (index) => driver.node.termAt(index));
        if (message.kind === 'snapshot-request') this.#snapshots.fetch(driver, message);
        else driver.receive(message);
      }
    } catch (error) {
      // The core does not know itself any more; the sender would only be told that its call has failed.
      if (!(error instanceof BoxError)) this.#giveUp(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
  }

  #learnAddress({ sender, address, messages }: Batch, { term }: RaftStatus): void {
    const isLeader = messages.some((message) => isOfLeader(message, term, this.#store.applied));
    this.#addresses.learn(sender.id, address, isLeader);
  }

  /** Waits for the entry wherever it comes into the log, and for what becomes of it. */
  async #settled(payload: Payload, condition: Condition, patience: Patience): Promise<EntryId> {
    const deadlineMs = this.#deadlineMs(patience);
    if (this.#driver === null) await this.#begun(deadlineMs);
    const id = await this.#proposeAnywhere(payload, condition, deadlineMs);
    const outcome = await this.#outcomeOf(id, deadlineMs);
    if (outcome.id.term !== id.term) {
      throw clusterError('RAFT_PROPOSAL_DROPPED', 'another leader has put another entry in its place');
    }
    if (outcome.error !== null) throw outcome.error;
    return id;
  }

  async #outcomeOf({ index, term }: EntryId, deadlineMs: number): Promise<Outcome> {
    if (this.#store.applied >= index) {
      // It came to this member before the leader's answer did.
      const found = this.#recent.get(index) ?? null;
      if (found !== null) return found;
      const applied = this.#store.term(index);
      // What a snapshot brings says nothing of how an operation has ended.
      if (applied === null || index <= this.#restoredIndex) throw boxError('TIMEOUT');
      return { id: { index, term: applied }, error: null };
    }
    const outcome = await this.#applied.add(index, deadlineMs);
    if (outcome === null) throw boxError('TIMEOUT');
    return outcome.id.term === term ? outcome : { id: outcome.id, error: null };
  }

  /** Errors of entries that were applied lately, for those who learn late which entry was theirs. */
  readonly #recent = new Map<number, Outcome>();
  /** Of the last snapshot that has filled this member. */
  #restoredIndex = 0;

  /** Sends it to the leader, and tries again while nobody leads and nothing can have happened. */
  async #proposeAnywhere(payload: Payload, condition: Condition, deadlineMs: number): Promise<EntryId> {
    for (;;) {
      const { leader, role } = this.#running().status;
      try {
        if (role === 'leader') return await this.#proposeHere(payload, condition);
        if (leader === 0) throw clusterError('LEADER_UNKNOWN');
        return await this.#door.proposeAt(this.#transport, leader, payload, condition, deadlineMs - this.#nowMs());
      } catch (error) {
        if (!(error instanceof BoxError) || !isPassing(error) || this.#isStopped) throw error;
        if (this.#nowMs() + this.options.tickMs >= deadlineMs) throw error;
        await this.#needs.env.timers.sleep(this.options.tickMs);
      }
    }
  }

  /** To whom it takes the least; a member that does not take it in time is not waited for. */
  async #handOver(): Promise<void> {
    const driver = this.#driver;
    if (driver?.status.role !== 'leader') return;
    const { voters } = driver.status.membership;
    const others = driver.node.progress().filter(({ id, isRecentlyActive }) => {
      return id !== this.options.id && isRecentlyActive && voters.includes(id);
    });
    const [best] = others.sort((one, other) => other.match - one.match);
    if (best === undefined) return;
    const timeoutMs = this.options.electionTicks * this.options.tickMs;
    await this.transferLeadership(best.id, { timeoutMs }).catch(() => undefined);
  }

  #proposeHere(payload: Payload, condition: Condition): Promise<EntryId> {
    if (this.#applied.size >= LIMITS.raftWaitersMax) {
      return Promise.reject(clusterError('RAFT_PROPOSAL_DROPPED', 'too many operations wait'));
    }
    if (this.#proposals === null) return Promise.reject(clusterError('LEADER_UNKNOWN'));
    return this.#proposals.add(payload, condition);
  }

  async #reached(index: number, deadlineMs: number): Promise<number> {
    if (this.#isStopped) throw boxError('TIMEOUT');
    if (this.#store.applied < index) await this.#applied.add(index, deadlineMs);
    return index;
  }

  #onApplied(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      const { index } = outcome.id;
      if (outcome.error !== null) this.#recent.set(index, outcome);
      this.#applied.resolve(index, outcome);
    }
    const oldest = this.#store.applied - LIMITS.raftWaitersMax;
    for (const index of this.#recent.keys()) {
      if (index > oldest) break;
      this.#recent.delete(index);
    }
  }

  #onRestored(index: number): void {
    for (const waiting of [...this.#applied.keys()]) if (waiting <= index) this.#applied.resolve(waiting, null);
  }

  /** A member will not listen to this one again. */
  #refused(id: RaftId, error: BoxError): void {
    const isExpelled = error.code === clusterError('INSTANCE_EXPELLED', '').code;
    if (!isExpelled) return this.#log.warn(`member ${id} has refused messages: ${error.message}`);
    this.#giveUp(new BoxError(error.code, `${error.message}; ${adviceFor(this.options.id)}`));
  }

  #giveUp(error: Error): void {
    if (this.#driver === null) return;
    this.#end(error instanceof BoxError ? error : boxError('TIMEOUT'));
    this.#needs.onFailure(error);
  }

  /** It takes part no more. */
  #end(error: BoxError): void {
    this.#driver?.stop();
    this.#tickTimer?.cancel();
    this.#proposals?.rejectAll(error);
    this.#driver = null;
    this.#proposals = null;
    for (const waiters of [this.#applied, this.#reads, this.#led]) waiters.rejectAll(error);
  }

  #newHeard(): HeardMembers {
    const { hardState } = this.#store.initialState();
    return new HeardMembers(raftId(this.options.id), hardState, this.#directory.heardOf);
  }

  #testify(about: RaftId, sender: Sender): Testimony {
    const { term, vote } = this.#store.initialState().hardState;
    const known = this.#driver?.status;
    const leader = known?.term === term ? known.leader : NO_ONE;
    const log = { last: this.#store.lastEntry(), changeIndex: this.#store.changeIndex(), term, leader, vote };
    const aliveSinceMs = this.#nowMs() - aliveMs(this.options);
    return this.#heard.testify(about, sender, this.#directory, log, aliveSinceMs);
  }

  #deadlineMs({ timeoutMs = TIMEOUT_MS }: Patience): number {
    return this.#nowMs() + timeoutMs;
  }

  #nowMs(): number {
    return this.#needs.env.clock.monotonicMs();
  }
}

/** Nothing has happened, and it may go well in a moment. */
function isPassing({ code }: BoxError): boolean {
  return code === clusterError('NOT_A_LEADER').code || code === clusterError('LEADER_UNKNOWN').code;
}

/**
 * Runs the core of one member: ticks it, hands messages to it, and carries out what it asks for.
 *
 * Events only change the core; once a turn, behind all of them, everything that it wants is done together: messages leave as one
 * batch for each member, entries of all proposals of the turn are one transaction, and what is committed is applied.
 * Invariants: (1) votes and acknowledgements leave, and own ones count, when what they follow from is durable; (2) an entry is
 * applied in one transaction with `applied`; (3) after the log has refused a write, everything decoded is given up and
 * the core begins anew from what is durable, as after a crash.
 */
import { BoxError, clusterError, ERROR_TABLE, SeededRandom, unreachable } from '../../base/index.ts';
import type { Box } from '../../engine/box/index.ts';
import type { CommitBatch } from '../../engine/txn/index.ts';
import { type Env, Logger, type TimerHandle } from '../../env/index.ts';
import {
  type Append,
  type Entry,
  type EntryId,
  membersOf,
  type Message,
  NO_ONE,
  type Payload,
  raftId,
  type RaftId,
  RaftNode,
  type RaftStatus,
  type Ready,
  type Snapshot,
  type Standing,
} from '../../raft/index.ts';
import { LIMITS } from '../../config/index.ts';
import { type AddressBook, decodeAddresses } from './addresses.ts';
import type { MemoryShare } from './memory-share.ts';
import { applyOperation } from './operations.ts';
import type { ConsensusOptions } from './options.ts';
import { PAUSE_MS_MIN, RepairPace } from './repair-pace.ts';
import { restoreState } from './snapshots.ts';
import type { RaftStore } from './store.ts';
import type { Transport } from './transport.ts';

/** What became of an entry: `error` is what its operation came to, on every member alike. */
export type Outcome = Readonly<{ id: EntryId; error: BoxError | null }>;

export type DriverHandlers = Readonly<{
  onApplied: (outcomes: readonly Outcome[]) => void;
  /** The state is that of a snapshot, which is not durable yet. */
  onRestoring: (index: number) => void;
  /** The state is now that of a snapshot; what became of entries up to `index` is not known. */
  onRestored: (index: number) => void;
  onRead: (requestId: number, index: number) => void;
  onStanding: (standing: Standing) => void;
  /** Called before a turn's work is done: the moment for what was gathered. */
  onTurn: () => void;
}>;

export type DriverNeeds = Readonly<{
  env: Env;
  box: Box;
  store: RaftStore;
  transport: Transport;
  addresses: AddressBook;
  memoryShare: MemoryShare;
  options: ConsensusOptions;
  handlers: DriverHandlers;
}>;

const MESSAGE_BYTES_MAX = 1024 * 1024;
const IN_FLIGHT_BYTES_MAX = 16 * 1024 * 1024;
const UNCOMMITTED_BYTES_MAX = 64 * 1024 * 1024;
const APPLYING_BYTES_MAX = 1024 * 1024;
const IN_FLIGHT_COUNT_MAX = 256;
/** What a Ready leads to may be ready at once, as with a single voter; the rest is for the next turn. */
const ROUNDS_MAX = 8;

export class Driver {
  readonly #needs: DriverNeeds;
  readonly #log: Logger;
  readonly #random: SeededRandom;
  #node: RaftNode;
  /** Counts the cores: what an older one has asked for is of no interest. */
  #generation = 0;
  /** The last write of the log or the hard state that is not durable yet. */
  #newestAppend: CommitBatch | null = null;
  #isScheduled = false;
  #isBroken = false;
  /** What has broken it was no refusal of the log. */
  #isOutOfMemory = false;
  /** Batches of ours that are on their way to the log. */
  #unsettled = 0;
  #isStopped = false;
  #repair: TimerHandle | null = null;
  readonly #repairPace = new RepairPace();
  /** What the log says of who leads. */
  #standingLine = '';
  /** Of the snapshot that is to be restored. */
  #chunks: Readonly<{ index: number; chunks: readonly Uint8Array[] }> | null = null;

  constructor(needs: DriverNeeds) {
    this.#needs = needs;
    this.#log = new Logger(needs.env.log, 'raft');
    this.#random = new SeededRandom(needs.env.random.uint32());
    this.#node = this.#createNode();
  }

  get node(): RaftNode {
    return this.#node;
  }

  get status(): RaftStatus {
    return this.#node.status();
  }

  /** Takes part from now on. */
  start(): void {
    const { voters, outgoing } = this.status.membership;
    // Who is alone need not wait for others.
    if (voters.length === 1 && outgoing.length === 0) this.#node.campaign();
    this.schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#repair?.cancel();
  }

  tick(): void {
    if (this.#isBroken) return;
    // What was applied may be the last that happens for a while.
    this.#needs.box.transactions.flush();
    this.#node.tick();
    this.schedule();
  }

  receive(message: Message): void {
    if (this.#isBroken) return;
    this.#node.step(message);
    this.schedule();
  }

  /** A snapshot that has arrived with all its pieces. */
  receiveSnapshot(message: Message & Readonly<{ kind: 'snapshot-request' }>, chunks: readonly Uint8Array[]): void {
    if (this.#isBroken) return;
    this.#chunks = { index: message.snapshot.id.index, chunks };
    this.receive(message);
  }

  /** Behind everything that happens in this turn. */
  schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    this.#needs.env.timers.endOfTurn(() => this.#turn());
  }

  /** The entries' first index; null: this member does not lead, or takes nothing at the moment. */
  propose(payloads: readonly Payload[]): number | null {
    if (this.#isBroken || this.#node.propose(payloads) === 'dropped') return null;
    return this.#node.lastEntry().index - payloads.length + 1;
  }

  #createNode(): RaftNode {
    const { store, options } = this.#needs;
    return new RaftNode({
      id: options.id as RaftId,
      storage: store,
      random: this.#random,
      appliedIndex: store.applied,
      electionTicks: options.electionTicks,
      heartbeatTicks: options.heartbeatTicks,
      hasPreVote: true,
      checksQuorum: true,
      readMode: 'quorum',
      // Proposals are sent to the leader as questions, for their makers want to know what becomes of them.
      forwardsProposals: false,
      stepsDownOnRemoval: true,
      validatesChanges: true,
      appliesUnstable: true,
      messageBytesMax: MESSAGE_BYTES_MAX,
      inFlightCountMax: IN_FLIGHT_COUNT_MAX,
      inFlightBytesMax: IN_FLIGHT_BYTES_MAX,
      uncommittedBytesMax: UNCOMMITTED_BYTES_MAX,
      applyingBytesMax: APPLYING_BYTES_MAX,
    });
  }

  #turn(): void {
    this.#isScheduled = false;
    if (this.#isStopped) return;
    this.#needs.handlers.onTurn();
    if (this.#isBroken) return;
    try {
      for (let round = 0; round < ROUNDS_MAX && this.#node.hasReady; round++) this.#carryOut(this.#node.ready());
      this.#compact();
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      this.#break(error);
    }
    // Both would leave at the end of a turn, which is now.
    if (this.#newestAppend !== null) this.#needs.box.transactions.flush();
    this.#needs.transport.flush();
    if (!this.#isBroken && this.#node.hasReady) this.schedule();
  }

  #carryOut({ standing, append, messages, committed, reads }: Ready): void {
    const { transport, handlers } = this.#needs;
    for (const message of messages) transport.send(message);
    if (append !== null) this.#append(append);
    if (committed.length > 0) this.#apply(committed);
    for (const { requestId, index } of reads) handlers.onRead(requestId, index);
    if (standing !== null) this.#standingChanged(standing);
  }

  #append(append: Append): void {
    const batch = this.#needs.store.write(append, (snapshot) => this.#restore(snapshot));
    if (batch !== null) this.#newestAppend = batch;
    const generation = this.#generation;
    const settled = (): void => {
      if (generation !== this.#generation || this.#isStopped) return;
      for (const message of append.messages) this.#needs.transport.send(message);
      this.#node.appended(append.token);
      if (append.snapshot !== null) this.#needs.handlers.onRestored(append.snapshot.id.index);
      this.schedule();
    };
    // Without a write of its own it follows from those of before.
    if (this.#newestAppend === null) settled();
    else this.#afterBatch(this.#newestAppend, settled);
  }

  #afterBatch(batch: CommitBatch, then: () => void): void {
    const generation = this.#generation;
    this.#unsettled++;
    batch.listeners.push({
      settled: (error) => {
        this.#unsettled--;
        if (this.#newestAppend === batch) this.#newestAppend = null;
        if (error !== null) {
          if (generation === this.#generation) this.#break(error);
          else if (this.#isBroken && this.#unsettled === 0) this.#beginAnew();
          return;
        }
        if (generation === this.#generation) this.#written();
        then();
      },
    });
  }

  #restore(snapshot: Snapshot): void {
    const { box, addresses, store } = this.#needs;
    const arrived = this.#chunks;
    this.#chunks = null;
    if (arrived?.index !== snapshot.id.index) throw clusterError('OTHER', 'a snapshot came without its pieces');
    restoreState(box, store.session, arrived.chunks);
    this.#needs.handlers.onRestoring(snapshot.id.index);
    addresses.replace(decodeAddresses(snapshot.data) ?? new Map());
    store.set('addresses', addresses.rows());
    this.#log.info(`the state was filled by a snapshot: it has entries up to ${snapshot.id.index} now`);
  }

  #apply(entries: readonly Entry[]): void {
    const { box, store, handlers } = this.#needs;
    const outcomes: Outcome[] = [];
    const { index: last } = entries.at(-1)!;
    const batch = store.transaction((transactions) => {
      // A quorum has the entries, durably: after a crash they are applied again.
      transactions.awaitBy('nobody');
      for (const { term, index, payload } of entries) {
        outcomes.push({ id: { term, index }, error: this.#applyPayload(box, index, payload) });
      }
      store.setApplied(last, this.status.committed);
    });
    if (batch !== null) this.#afterBatch(batch, () => undefined);
    this.#node.applied(last);
    handlers.onApplied(outcomes);
  }

  #applyPayload(box: Box, index: number, payload: Payload): BoxError | null {
    switch (payload.kind) {
      case 'data':
        return payload.data.length === 0 ? null : applyOperation(box, this.#needs.store.session, payload.data);
      case 'membership': {
        const { store, addresses } = this.#needs;
        const wasMember = this.#isMember;
        const membership = this.#node.applyMembership(payload.change);
        store.setMembership(membership, index);
        // Members of other versions may have let something else through; what all make of it is nothing.
        addresses.change(decodeAddresses(payload.change.context) ?? new Map(), membership);
        store.set('addresses', addresses.rows());
        const list = (ids: readonly number[]): string => (ids.length === 0 ? 'none' : ids.join(', '));
        this.#log.info(`members: voters ${list(membership.voters)}; learners ${list(membership.learners)}`);
        if (wasMember && !this.#isMember) this.#log.warn('this member was removed from the group, and can be stopped');
        return null;
      }
      default:
        return unreachable(payload);
    }
  }

  get #isMember(): boolean {
    return membersOf(this.status.membership).includes(raftId(this.#needs.options.id));
  }

  /** The log stays about as large as it may be. What leaves it goes in slices: a transaction for each entry would cost more. */
  #compact(): void {
    const { store, options, memoryShare } = this.#needs;
    const { logEntriesMax, logBytesMax } = options;
    const isTooLong = store.entryCount > logEntriesMax;
    // A short one frees next to nothing, and who is a little behind should not need a snapshot.
    const isInTheWay = store.logBytes > LIMITS.raftShortLogBytes && memoryShare.isTight;
    if (!isTooLong && !isInTheWay && store.logBytes <= logBytesMax) return;
    const room = Math.min(LIMITS.raftCompactionSlice, Math.floor(logEntriesMax / 8));
    const excess = isTooLong ? store.lastIndex() - logEntriesMax + room : store.applied;
    this.compact(Math.min(excess, store.applied));
  }

  /** Entries up to `index`, and no more than a slice of them; false: not at the moment. */
  compact(index: number): boolean {
    // What is kept decoded says more than what is on disk.
    if (this.#isBroken) return false;
    const { store } = this.#needs;
    const batch = store.transaction((transactions) => {
      transactions.awaitBy('nobody');
      store.compact(index, LIMITS.raftCompactionSlice);
    });
    if (batch !== null) this.#afterBatch(batch, () => undefined);
    return true;
  }

  #standingChanged(standing: Standing): void {
    const { term } = this.status;
    const { leader } = standing;
    const who = standing.role === 'leader' ? 'this member' : leader === NO_ONE ? 'nobody' : `member ${leader}`;
    const line = `${who} leads, in term ${term}`;
    // A core that began anew finds what was so before.
    if (line !== this.#standingLine) this.#log.info(line);
    this.#standingLine = line;
    this.#needs.handlers.onStanding(standing);
  }

  /** The log has refused a write: whatever is in memory and not on disk is gone. */
  #break(error: BoxError): void {
    if (this.#isBroken || this.#isStopped) return;
    this.#isBroken = true;
    this.#isOutOfMemory = error.code === ERROR_TABLE.MEMORY_ISSUE.code;
    this.#generation++;
    this.#newestAppend = null;
    this.#beginAnew();
    const { env, handlers } = this.#needs;
    const { pauseMs, isNews } = this.#repairPace.refused(env.clock.monotonicMs());
    if (isNews) this.#log.error(`consensus stands still, for its state cannot be written: ${error.message}`);
    handlers.onStanding({ role: 'follower', leader: NO_ONE });
    this.#repair = env.timers.after(pauseMs, () => this.#begin());
  }

  #written(): void {
    if (this.#repairPace.written()) this.#log.info('consensus goes on with what is on disk');
  }

  #begin(): void {
    if (this.#isStopped) return;
    if (this.#unsettled > 0) {
      this.#needs.box.transactions.flush();
      // What is on its way may fail as well.
      this.#repair = this.#needs.env.timers.after(PAUSE_MS_MIN, () => this.#begin());
      return;
    }
    this.#beginAnew();
    this.#isBroken = false;
    if (this.#isOutOfMemory) this.#compactAll();
    this.start();
  }

  /** Makes all the room that there is for what could not be applied. */
  #compactAll(): void {
    const { store } = this.#needs;
    try {
      while (store.firstIndex() <= store.applied) this.compact(store.applied);
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      this.#break(error);
    }
  }

  /** With what memory has, which is what is on disk but for what is on its way. Nobody leads, and nothing is applied ahead of it. */
  #beginAnew(): void {
    const { store, addresses } = this.#needs;
    store.reload();
    addresses.reload(store);
    this.#node = this.#createNode();
  }
}

/**
 * Elections of a running instance: what Election decides, done to its log, its connections and the synchronous queue.
 *
 * Invariants: (1) a term and a vote are synced to the log before anybody hears of them; (2) whoever is elected owns the
 * synchronous queue before it takes writes; (3) nothing of this touches a replica set that does not use it: no row is
 * written and no packet sent before elections are on or somebody is promoted.
 */
import { BoxError, boxError, ByteWriter, unreachable } from '../base/index.ts';
import { decodeRaftBody, type RaftMessage, REQUEST_TYPE, writeRaftBody } from '../codec/iproto/index.ts';
import { GROUP_LOCAL, type RowReader, type Vclock } from '../codec/xlog/index.ts';
import type { Env, Logger, TimerHandle } from '../env/index.ts';
import type { ControlRow } from '../engine/checkpoint/index.ts';
import type { TransactionManager } from '../engine/txn/index.ts';
import {
  Election,
  type ElectionEffect,
  type ElectionInput,
  type ElectionOptions,
  INITIAL_STATE,
  type PersistedState,
} from './election/index.ts';
import type { SynchroQueue } from './synchro-queue.ts';

const RETRY_MS = 1000;

export type ElectionsNeeds = Readonly<{
  env: Env;
  log: Logger;
  transactions: TransactionManager;
  queue: SynchroQueue;
  ownId: () => number;
  /** Sends to all replicas, and to each that comes later. */
  broadcast: (message: RaftMessage) => void;
  /** It may write now, or may not any more. */
  onStatusChange: () => void;
}>;

export class Elections {
  readonly #needs: ElectionsNeeds;
  #persisted: PersistedState = INITIAL_STATE;
  #election: Election | null = null;
  #timer: TimerHandle | null = null;
  #retry: TimerHandle | null = null;
  #queueRetry: TimerHandle | null = null;
  #promotions: ((error: BoxError | null) => void)[] = [];
  /** Those who wait for a term to be durable. */
  #termWaiters: Readonly<{ term: number; wake: () => void }>[] = [];
  #isStopped = false;
  readonly #inputs: ElectionInput[] = [];
  #isStepping = false;
  /** Whoever sent the message that is being dealt with. */
  #refusal: BoxError | null = null;

  constructor(needs: ElectionsNeeds) {
    this.#needs = needs;
  }

  get state(): 'follower' | 'candidate' | 'leader' {
    return ([, 'follower', 'candidate', 'leader'] as const)[this.#election?.state ?? 1] ?? 'follower';
  }

  get term(): number {
    return this.#election?.term ?? this.#persisted.term;
  }

  get vote(): number {
    return (this.#election?.persisted ?? this.#persisted).vote;
  }

  get leaderId(): number {
    return this.#election?.leaderId ?? 0;
  }

  /** Elections are on, and another instance leads, or nobody. */
  get isReadOnly(): boolean {
    return this.#election?.isReadOnly ?? false;
  }

  /** What a replica that connects is told; null while there is nothing to tell. */
  get message(): RaftMessage | null {
    const message = this.#election?.message ?? null;
    return message === null || message.term <= INITIAL_STATE.term ? null : message;
  }

  /** A row of the own log; false if it is none of elections. */
  recoverRow(row: RowReader): boolean {
    if (row.type !== REQUEST_TYPE.raft) return false;
    const { term, vote } = decodeRaftBody(row.bytes, row.bodyStart, row.bodyEnd);
    this.remember({ term, vote });
    return true;
  }

  /** What stands in the own log, before the start; of one term, what is told last counts. */
  remember(state: PersistedState): void {
    if (state.term >= this.#persisted.term) this.#persisted = state;
  }

  /** Term and vote, as they stand in the log. */
  controlRows(): readonly ControlRow[] {
    const { term, vote } = this.#election?.persisted ?? this.#persisted;
    if (term <= INITIAL_STATE.term) return [];
    const body = new ByteWriter(32);
    writeRaftBody(body, { term, vote, state: 0, vclock: null, leaderId: 0, isLeaderSeen: false });
    return [{ type: REQUEST_TYPE.raft, replicaId: 0, groupId: GROUP_LOCAL, body: body.toBytes() }];
  }

  get isStarted(): boolean {
    return this.#election !== null;
  }

  /** The log has been read, and the instance is a member. */
  start(options: ElectionOptions, vclock: Vclock): void {
    this.#election = new Election(this.#needs.ownId(), options, this.#persisted);
    if (this.#persisted.term > INITIAL_STATE.term) this.#needs.queue.learnTerm(this.#persisted.term);
    this.tell({ kind: 'vclockChanged', vclock });
    this.tell({ kind: 'start' });
  }

  /** Nothing happens before the start. */
  tell(input: ElectionInput): void {
    if (this.#election === null || this.#isStopped) return;
    this.#inputs.push(input);
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) this.#step(next);
    } finally {
      this.#isStepping = false;
    }
    const { term } = this.#election.persisted;
    for (const waiter of this.#termWaiters) if (waiter.term <= term) waiter.wake();
    this.#termWaiters = this.#termWaiters.filter((waiter) => waiter.term > term);
  }

  /** A message of another instance. Throws the BoxError by which replication from there has to stop. */
  receive(from: number, row: RowReader): void {
    const message = decodeRaftBody(row.bytes, row.bodyStart, row.bodyEnd);
    this.#refusal = null;
    this.tell({ kind: 'message', from, message });
    if (this.#refusal !== null) throw this.#refusal as BoxError;
  }

  /** Becomes the leader, or with elections off, the owner of the queue in a new term. Rejects with what was in the way. */
  async promote(mode: ElectionOptions['mode']): Promise<void> {
    const { queue } = this.#needs;
    if (mode === 'voter') throw boxError('UNSUPPORTED', "election_mode='voter'", 'manual elections');
    if (mode === 'off') {
      await queue.promote(await this.#newTerm());
      return;
    }
    if (this.state !== 'leader') {
      await new Promise<void>((resolve, reject) => {
        this.#promotions.push((error) => (error === null ? resolve() : reject(error)));
        this.tell({ kind: 'promote' });
      });
    }
    await queue.promote(this.term);
  }

  /** Leads no more; with elections off, owns the queue no more. */
  async demote(mode: ElectionOptions['mode']): Promise<void> {
    const { queue, ownId } = this.#needs;
    if (queue.ownerId !== ownId()) return;
    if (mode === 'off') await queue.demote(await this.#newTerm());
    else this.tell({ kind: 'resign' });
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#retry?.cancel();
    this.#queueRetry?.cancel();
  }

  /** Begins a term that nobody has seen; resolves with it when it is durable. */
  async #newTerm(): Promise<number> {
    this.tell({ kind: 'raiseTerm' });
    const { term } = this;
    if ((this.#election?.persisted.term ?? term) < term) {
      await new Promise<void>((wake) => this.#termWaiters.push({ term, wake }));
    }
    return term;
  }

  #step(input: ElectionInput): void {
    const { env } = this.#needs;
    const fraction = env.random.uint32() / 0x100000000;
    const effects = this.#election!.step(input, { nowMs: env.clock.monotonicMs(), fraction });
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: ElectionEffect): void {
    const { log, queue, onStatusChange } = this.#needs;
    switch (effect.kind) {
      case 'persist':
        return this.#persist({ term: effect.term, vote: effect.vote });
      case 'broadcast':
        if (effect.message.term > INITIAL_STATE.term) this.#needs.broadcast(effect.message);
        return;
      case 'setTimer':
        this.#timer?.cancel();
        this.#timer = this.#needs.env.timers.after(effect.afterMs, () => this.tell({ kind: 'timerFired' }));
        return;
      case 'clearTimer':
        this.#timer?.cancel();
        return;
      case 'termBegan':
        return queue.learnTerm(effect.term);
      case 'leaderChanged':
        log.info(effect.leaderId === 0 ? 'no leader is known' : `replica ${effect.leaderId} leads`);
        return onStatusChange();
      case 'becameLeader':
        log.info(`elected in term ${effect.term}`);
        return this.#takeQueue(effect.term);
      case 'steppedDown':
        log.info(`leads no more in term ${effect.term}: ${effect.reason}`);
        return queue.fence(effect.term);
      case 'readOnlyChanged':
        return onStatusChange();
      case 'promoteDone':
        for (const settled of this.#promotions.splice(0)) settled(effect.error);
        return;
      case 'messageRefused':
        this.#refusal = effect.error;
        return;
      case 'conflictingLeader':
        log.error(
          `replicas ${effect.knownId} and ${effect.otherId} both lead: some quorum is less than half of the members`,
        );
        return;
      default:
        unreachable(effect);
    }
  }

  /** Who leads without the queue takes no writes: as long as it leads in this term it tries. */
  #takeQueue(term: number): void {
    const { env, log, queue } = this.#needs;
    queue.promote(term).catch((error: unknown) => {
      if (!(error instanceof BoxError)) throw error;
      if (this.#isStopped) return;
      log.warn(`the synchronous queue could not be taken over: ${error.message}`);
      this.#queueRetry = env.timers.after(RETRY_MS, () => {
        if (this.state === 'leader' && this.term === term) this.#takeQueue(term);
      });
    });
  }

  #persist(state: PersistedState): void {
    const { transactions, env, log } = this.#needs;
    const message = { ...state, state: 0, vclock: null, leaderId: 0, isLeaderSeen: false };
    const failed = (error: BoxError): void => {
      if (this.#isStopped) return;
      log.error(`term ${state.term} could not be written, trying again: ${error.message}`);
      this.#retry = env.timers.after(RETRY_MS, () => this.#persist(state));
    };
    try {
      const batch = transactions.writeRow(REQUEST_TYPE.raft, null, (writer) => writeRaftBody(writer, message), {
        groupId: GROUP_LOCAL,
        durability: 'sync',
      });
      batch.listeners.push({
        settled: (error) => {
          if (error === null) this.tell({ kind: 'persisted' });
          else failed(error);
        },
      });
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      failed(error);
    }
  }
}

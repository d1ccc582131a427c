/**
 * A few instances with a queue, a log and streams between them, all in memory and driven step by step. For tests.
 * An instance numbers its rows, writes them in order and relays what is written; all else is the queue's doing.
 */
import { assert, defined, unreachable } from '../../base/index.ts';
import type { SynchroRow } from '../../codec/iproto/index.ts';
import { type Vclock, vclockComponent, vclockIsCoveredBy } from '../../codec/xlog/index.ts';
import { formatState } from './limbo-fixture.ts';
import { Limbo, type LimboEffect, type LimboInput, type LimboOptions } from './index.ts';

type Body =
  | Readonly<{ kind: 'transaction'; isSync: boolean; isHeld: boolean }>
  | Readonly<{ kind: 'nop' }>
  /** `receivedId`: under which id the queue was asked; null for rows of its own. */
  | Readonly<{ kind: 'synchro'; row: SynchroRow; receivedId: number | null }>;
type LogRow = Readonly<{ originId: number; lsn: number; body: Body }>;

export type Outcome = 'completed' | 'rolledBack';

export class Instance {
  readonly id: number;
  readonly limbo: Limbo;
  readonly log: LogRow[] = [];
  readonly outcomes = new Map<string, Outcome>();
  /** Instances whose rows contradict what is known here. */
  readonly stopped = new Set<number>();
  promotions = 0;
  term = 1;
  #pending: LogRow[] = [];
  readonly #vclock: number[] = [];
  readonly #asked = new Map<number, Readonly<{ from: number; originId: number; lsn: number; row: SynchroRow }>>();
  #nextId = 1;
  readonly #options: LimboOptions;
  readonly #clock: () => number;

  constructor(options: LimboOptions, replicaIds: readonly number[], clock: () => number) {
    this.id = options.selfId;
    this.#options = options;
    this.#clock = clock;
    this.limbo = new Limbo(options);
    this.step({ kind: 'replicasChanged', replicaIds });
    this.step({ kind: 'recoveryFinished', ownVclock: [] });
  }

  get vclock(): Vclock {
    return [...this.#vclock];
  }

  get isIdle(): boolean {
    return this.#pending.length === 0 && this.#asked.size === 0;
  }

  step(input: LimboInput): void {
    const confirmedBefore = [this.limbo.ownerId, this.limbo.confirmedLsn] as const;
    for (const effect of this.limbo.step(input, this.#clock())) this.#carryOut(effect);
    const { ownerId, confirmedLsn, entries } = this.limbo;
    if (ownerId === confirmedBefore[0]) assert(confirmedLsn >= confirmedBefore[1], 'the confirmed LSN went back');
    const isInOrder = entries.every(({ lsn }, index) => index === 0 || lsn > defined(entries[index - 1], 'entry').lsn);
    assert(isInOrder, 'entries out of order');
  }

  submit(isSync: boolean): void {
    const { barrier } = this.limbo;
    if (barrier !== 'none' && !(barrier === 'unclaimed' && !isSync)) return;
    const admission = this.limbo.admit(isSync);
    if (admission.kind === 'free' || admission.kind === 'held') {
      this.#append(this.#nextOwn({ kind: 'transaction', isSync, isHeld: admission.kind === 'held' }));
    }
  }

  writeOne(): boolean {
    const row = this.#pending.shift();
    if (row === undefined) return false;
    this.log.push(row);
    this.#follow(row);
    this.#report(row, true);
    return true;
  }

  failWrites(): void {
    const failed = this.#pending.reverse();
    this.#pending = [];
    for (const row of failed) this.#report(row, false);
  }

  /** Takes the next row of the peer's log that is not here; false if there is none, or it cannot be taken now. */
  receiveFrom(peer: Instance): boolean {
    if (this.stopped.has(peer.id)) return false;
    const row = peer.log.find(({ originId, lsn }) => originId !== this.id && lsn > this.#knownLsn(originId));
    if (row === undefined) return false;
    const { originId, lsn, body } = row;
    if ([...this.#asked.values()].some((asked) => asked.originId === originId)) return false;
    if (body.kind === 'synchro') {
      const id = this.#nextId++;
      this.#asked.set(id, { from: peer.id, originId, lsn, row: body.row });
      this.step({ kind: 'rowReceived', id, originId, row: body.row });
      return true;
    }
    if (body.kind === 'nop') return this.#append(row);
    const admission = this.limbo.admitReplicated(originId, body.isSync, body.isHeld);
    switch (admission.kind) {
      case 'free':
        return this.#append({ originId, lsn, body: { ...body, isHeld: false } });
      case 'held':
        return this.#append({ originId, lsn, body: { ...body, isHeld: true } });
      case 'nop':
        return this.#append({ originId, lsn, body: { kind: 'nop' } });
      case 'wait':
        return false;
      case 'refused':
        this.stopped.add(peer.id);
        return false;
      default:
        return unreachable(admission);
    }
  }

  acknowledgeTo(peer: Instance): void {
    peer.learnTerm(this.term);
    peer.step({ kind: 'acked', replicaId: this.id, vclock: this.vclock });
  }

  learnTerm(term: number): void {
    if (term <= this.term) return;
    this.term = term;
    this.step({ kind: 'electionTermChanged', term });
  }

  /** True if a candidate with this vclock would get a vote from here. */
  votesFor(vclock: Vclock): boolean {
    return vclockIsCoveredBy(this.#vclock, vclock);
  }

  /** What reading the log from its beginning makes of it. */
  recovered(): Readonly<{ state: string; outcomes: ReadonlyMap<string, Outcome> }> {
    const limbo = new Limbo(this.#options);
    const outcomes = new Map<string, Outcome>();
    const take = (input: LimboInput): void => {
      for (const effect of limbo.step(input, 0)) note(outcomes, effect);
    };
    for (const { originId, lsn, body } of this.log) {
      if (body.kind === 'synchro') take({ kind: 'rowRecovered', originId, row: body.row });
      if (body.kind !== 'transaction' || limbo.admitReplicated(originId, body.isSync, false).kind === 'free') continue;
      take({ kind: 'appended', entry: { originId, lsn, isSync: body.isSync } });
      take({ kind: 'written', originId, lsn });
    }
    return { state: formatState(limbo), outcomes };
  }

  #carryOut(effect: LimboEffect): void {
    note(this.outcomes, effect);
    switch (effect.kind) {
      case 'writeRow':
        this.#append(this.#nextOwn({ kind: 'synchro', row: effect.row, receivedId: null }));
        break;
      case 'rowAccepted': {
        const { originId, lsn, row } = defined(this.#asked.get(effect.id), 'row');
        this.#append({ originId, lsn, body: { kind: 'synchro', row, receivedId: effect.id } });
        break;
      }
      case 'rowRefused':
        this.stopped.add(defined(this.#asked.get(effect.id), 'row').from);
        this.#asked.delete(effect.id);
        break;
      case 'transferDone':
        if (effect.error === null) this.promotions++;
        break;
      default:
    }
  }

  #append(row: LogRow): true {
    const { originId, lsn, body } = row;
    this.#pending.push(row);
    if (body.kind === 'transaction' && body.isHeld) {
      this.step({ kind: 'appended', entry: { originId, lsn, isSync: body.isSync } });
    }
    return true;
  }

  #report({ originId, lsn, body }: LogRow, isWritten: boolean): void {
    if (body.kind === 'transaction' && body.isHeld) {
      this.step({ kind: isWritten ? 'written' : 'writeFailed', originId, lsn });
    } else if (body.kind === 'synchro' && body.receivedId === null) {
      this.step({ kind: isWritten ? 'ownRowWritten' : 'ownRowWriteFailed' });
    } else if (body.kind === 'synchro' && body.receivedId !== null) {
      this.#asked.delete(body.receivedId);
      if ('term' in body.row) this.learnTerm(body.row.term);
      this.step({ kind: isWritten ? 'rowWritten' : 'rowWriteFailed', id: body.receivedId });
    }
  }

  #nextOwn(body: Body): LogRow {
    return { originId: this.id, lsn: this.#knownLsn(this.id) + 1, body };
  }

  #knownLsn(originId: number): number {
    const pending = this.#pending.findLast((row) => row.originId === originId);
    return pending?.lsn ?? vclockComponent(this.#vclock, originId);
  }

  #follow({ originId, lsn }: LogRow): void {
    while (this.#vclock.length <= originId) this.#vclock.push(0);
    this.#vclock[originId] = lsn;
  }
}

/** Each transaction ends once. */
function note(outcomes: Map<string, Outcome>, effect: LimboEffect): void {
  if (effect.kind !== 'completed' && effect.kind !== 'rolledBack') return;
  const key = `${effect.entry.originId}:${effect.entry.lsn}`;
  assert(!outcomes.has(key), `${key} ended twice`);
  outcomes.set(key, effect.kind);
}

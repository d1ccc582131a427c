/**
 * A client of the group: reads, writes, swaps and appends through any member, and records what it was told.
 *
 * Values are unique, so that a read tells which write it has seen, and a swap by the index at which a value was read is
 * a swap by that value. What was refused had no effect; a conflict says nothing of the value, for it may be with an
 * entry that is lost later.
 */
import { SeededRandom } from '../../../src/base/index.ts';
import type { GlobalOperation } from '../../../src/cluster/raftnode/index.ts';
import type { EntryId } from '../../../src/raft/index.ts';
import type { RegisterInput } from '../../checkers/register-model.ts';
import { appended, ITEM_END } from '../../checkers/register-model.ts';
import type { Shop } from '../common/shop.ts';
import { PROPERTY, REFUSED } from './contract.ts';
import type { RunCounts } from './counts.ts';
import { type Door, type Outcome, outcomeOf, type Session } from './door.ts';
import type { History, OpenRequest } from './history.ts';

export const REGISTER_KEYS = ['r1', 'r2', 'r3', 'r4', 'r5', 'r6'] as const;
/** They begin as an empty text. */
export const LIST_KEYS = ['l1', 'l2', 'l3'] as const;

const SPACE = PROPERTY.name;
/** So far behind any text that an item is put at its end. */
const FAR = 0x7fff_ffff;
const TIMEOUT_MS = { least: 200, most: 2500 } as const;
/** Beyond the time that the member itself should keep to: it may be frozen. */
const GRACE_MS = 300;

export type ClientNeeds = Readonly<{
  shop: Shop<RunCounts>;
  history: History;
  doors: readonly Door[];
  /** Told of each entry that a client was told is applied. */
  onAcknowledged: (id: EntryId) => void;
}>;

const CONNECTED = { state: 'active' } as const;

export class Client {
  readonly #needs: ClientNeeds;
  readonly #random: SeededRandom;
  readonly #name: string;
  #door: Door;
  #stamp = 0;

  constructor(needs: ClientNeeds, name: string) {
    this.#needs = needs;
    this.#name = name;
    this.#random = new SeededRandom(needs.shop.random.uint32());
    this.#door = this.#random.pick(needs.doors);
  }

  /** Takes turns as long as the shop is open. */
  start(): void {
    void this.#needs.shop.serve(this.#name, CONNECTED, () => this.#turn());
  }

  async #turn(): Promise<void> {
    const session = this.#door.session();
    if (session === null || this.#random.chance(0.1)) this.#goOn();
    if (session === null) return;
    switch (this.#random.below(10)) {
      case 0:
        await this.#write(session, this.#random.pick(REGISTER_KEYS));
        return;
      case 1:
        await this.#delete(session, this.#random.pick(REGISTER_KEYS));
        return;
      case 2:
        return this.#batch(session);
      case 3:
      case 4:
        return this.#append(session, this.#random.pick(LIST_KEYS));
      case 5:
      case 6:
        return this.#swap(session, this.#random.pick(REGISTER_KEYS), () => this.#newValue());
      case 7:
        return this.#swap(session, this.#random.pick(LIST_KEYS), (value) => appended(value, this.#newValue()));
      default:
        await this.#read(session, this.#random.pick([...REGISTER_KEYS, ...LIST_KEYS]));
    }
  }

  /** Another member from now on, maybe. */
  #goOn(): void {
    this.#door = this.#random.pick(this.#needs.doors);
  }

  #newValue(): string {
    return `${this.#name}.${++this.#stamp}`;
  }

  /** The value, and the index at which it is known to be so; null: not known. */
  async #read(session: Session, key: string): Promise<Readonly<{ value: string | null; index: number }> | null> {
    const request = this.#needs.history.begin(this.#name, [{ key, input: { kind: 'read' } }]);
    const outcome = await this.#outcome(session, (consensus, timeoutMs) => consensus.readIndex({ timeoutMs }));
    if (outcome.kind !== 'done') {
      request.refused();
      return null;
    }
    const value = session.property(key);
    request.answered({ kind: 'value', value });
    this.#needs.shop.counts.reads++;
    return { value, index: outcome.result };
  }

  #write(session: Session, key: string): Promise<boolean> {
    const length = this.#random.chance(0.2) ? this.#random.below(400) : 0;
    const value = this.#newValue() + 'x'.repeat(length);
    return this.#propose(session, [{ key, input: { kind: 'write', value } }], replace(key, value));
  }

  #delete(session: Session, key: string): Promise<boolean> {
    const operation: GlobalOperation = { kind: 'delete', space: SPACE, key: [key] };
    return this.#propose(session, [{ key, input: { kind: 'write', value: null } }], operation);
  }

  /** Writes several keys at once. */
  async #batch(session: Session): Promise<void> {
    const last = this.#random.pick(REGISTER_KEYS);
    const keys = REGISTER_KEYS.filter((key) => key === last || this.#random.chance(0.3));
    const parts = keys.map((key) => ({ key, input: { kind: 'write', value: this.#newValue() } as const }));
    const operations = parts.map(({ key, input }) => replace(key, input.value));
    if (await this.#propose(session, parts, { kind: 'batch', operations })) this.#needs.shop.counts.batches++;
  }

  async #append(session: Session, key: string): Promise<void> {
    const item = this.#newValue();
    const operations = [[':', 'value', FAR, 0, item + ITEM_END]];
    const operation: GlobalOperation = { kind: 'update', space: SPACE, key: [key], operations };
    if (await this.#propose(session, [{ key, input: { kind: 'append', item } }], operation)) {
      this.#needs.shop.counts.appends++;
    }
  }

  /** Whether it was acknowledged. */
  async #propose(
    session: Session,
    parts: readonly Readonly<{ key: string; input: RegisterInput }>[],
    operation: GlobalOperation,
  ): Promise<boolean> {
    const request = this.#needs.history.begin(this.#name, parts);
    const outcome = await this.#outcome(session, (consensus, timeoutMs) => consensus.propose(operation, { timeoutMs }));
    this.#end(request, outcome);
    return outcome.kind === 'done';
  }

  /** Reads, and writes what follows from it if nobody has written since. */
  async #swap(session: Session, key: string, change: (value: string | null) => string): Promise<void> {
    const found = await this.#read(session, key);
    if (found === null) return;
    const { value: expected, index } = found;
    const value = change(expected);
    const ranges = [
      { space: SPACE, keyMin: { kind: 'included', key: [key] }, keyMax: { kind: 'included', key: [key] } },
    ] as const;
    const request = this.#needs.history.begin(this.#name, [
      { key, input: { kind: 'compare-and-swap', expected, value } },
    ]);
    const outcome = await this.#outcome(session, (consensus, timeoutMs) =>
      consensus.compareAndSwap(replace(key, value), { index, ranges }, { timeoutMs }),
    );
    if (outcome.kind === 'done') this.#needs.shop.counts.swaps++;
    this.#end(request, outcome);
  }

  #outcome<Result>(
    session: Session,
    request: (consensus: Session['consensus'], timeoutMs: number) => Promise<Result>,
  ): Promise<Outcome<Result>> {
    const timeoutMs = TIMEOUT_MS.least + this.#random.below(TIMEOUT_MS.most - TIMEOUT_MS.least);
    const { timers } = this.#needs.shop;
    return outcomeOf(timers, session, timeoutMs + GRACE_MS, (consensus) => request(consensus, timeoutMs));
  }

  #end(request: OpenRequest, outcome: Outcome<EntryId>): void {
    const { counts } = this.#needs.shop;
    switch (outcome.kind) {
      case 'done':
        counts.acknowledged++;
        request.answered({ kind: 'done' });
        this.#needs.onAcknowledged(outcome.result);
        return;
      case 'refused':
        if (outcome.code === REFUSED.casConflictFound) counts.conflicts++;
        else counts.refusals++;
        request.refused();
        break;
      case 'unknown':
        counts.unknownOutcomes++;
        break;
    }
    this.#goOn();
  }
}

export function replace(key: string, value: string): GlobalOperation {
  return { kind: 'replace', space: SPACE, tuple: [key, value] };
}

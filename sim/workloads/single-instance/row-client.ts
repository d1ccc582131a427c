/** A client that works on rows of its own, by single requests and by transactions, and knows what they must hold. */
import { ERROR_TABLE, SeededRandom } from '../../../src/base/index.ts';
import type { Connection } from '../../../src/client/index.ts';
import { ViolationError } from '../common/violation.ts';
import { ClientHistory } from './history.ts';
import { committed, drawOperation, together, type Drawing, type Operation } from './operations.ts';
import { failureOf, type Shop } from '../common/shop.ts';
import { errorReply, type Effect } from './state.ts';

const TRANSACTION_CHANCE = 0.15;
const WAL_IO = ERROR_TABLE.WAL_IO.code;

export class RowClient {
  readonly group: number;
  readonly history: ClientHistory;
  readonly #shop: Shop;
  readonly #connection: Connection;
  readonly #drawing: Drawing;

  constructor(shop: Shop, connection: Connection, group: number) {
    this.group = group;
    this.history = new ClientHistory(`client ${group}`);
    this.#shop = shop;
    this.#connection = connection;
    this.#drawing = { random: new SeededRandom(shop.random.uint32()), group, nextStamp: () => shop.nextStamp() };
    void shop.serve(this.history.name, connection, () => this.#turn());
  }

  #turn(): Promise<void> {
    if (this.history.isTooVague) return Promise.resolve();
    if (this.#drawing.random.chance(TRANSACTION_CHANCE)) return this.#transaction();
    return this.#single(drawOperation(this.#drawing, this.history.likelyState, true));
  }

  async #single(operation: Operation): Promise<void> {
    const { effect } = operation;
    const issued = this.#shop.nextMoment();
    let reply: string;
    try {
      reply = await operation.send(this.#connection);
      this.#shop.counts.acknowledged++;
    } catch (error) {
      const failure = failureOf(error, this.#shop.counts);
      if (failure.kind === 'unknown') return this.history.unknown(effect, issued);
      const isDuplicate = failure.code === ERROR_TABLE.TUPLE_FOUND.code;
      if (failure.code === WAL_IO || (isDuplicate && operation.mayBeDuplicate)) {
        return this.history.refused(effect, issued, failure.code === WAL_IO);
      }
      reply = errorReply(failure.code);
    }
    this.history.answered(operation.name, effect, reply, issued, this.#shop.nextMoment());
  }

  /** Until COMMIT is sent nothing can have happened. */
  async #transaction(): Promise<void> {
    const operations: Operation[] = [];
    const replies: string[] = [];
    const stream = this.#connection.stream();
    try {
      await stream.begin();
      const count = 1 + this.#drawing.random.below(4);
      for (let index = 0; index < count; index++) {
        const state = together(operations)(this.history.likelyState)?.state ?? this.history.likelyState;
        const operation = drawOperation(this.#drawing, state, false);
        operations.push(operation);
        replies.push(await this.#replyInside(operation, () => operation.send(stream)));
      }
    } catch (error) {
      const failure = failureOf(error, this.#shop.counts);
      if (failure.kind === 'unknown') return;
      if (failure.code !== ERROR_TABLE.TRANSACTION_CONFLICT.code) throw error;
      await stream.rollback().catch(() => undefined);
      return;
    }
    await this.#commit(operations, replies.join('\n'), () => stream.commit());
  }

  async #replyInside(operation: Operation, send: () => Promise<string>): Promise<string> {
    try {
      return await send();
    } catch (error) {
      const failure = failureOf(error, this.#shop.counts);
      if (failure.kind === 'unknown' || failure.code !== ERROR_TABLE.TUPLE_FOUND.code) throw error;
      if (!operation.name.startsWith('insert')) throw new ViolationError(`${operation.name}: ${String(error)}`);
      return errorReply(failure.code);
    }
  }

  async #commit(operations: readonly Operation[], replies: string, send: () => Promise<void>): Promise<void> {
    const effect: Effect = committed(operations, replies);
    const issued = this.#shop.nextMoment();
    try {
      await send();
      this.#shop.counts.acknowledged++;
    } catch (error) {
      const failure = failureOf(error, this.#shop.counts);
      if (failure.kind === 'unknown') return this.history.unknown(effect, issued);
      if (failure.code !== WAL_IO && failure.code !== ERROR_TABLE.TRANSACTION_CONFLICT.code) throw error;
      return this.history.refused(effect, issued, failure.code === WAL_IO);
    }
    const name = `transaction of ${operations.map((operation) => operation.name).join(', ')}`;
    this.history.answered(name, effect, replies, issued, this.#shop.nextMoment());
  }
}

/**
 * A transaction over several requests of a stream.
 *
 * It keeps its requests, not their effects: each new request runs in a turn of its own on top of the earlier ones, which
 * are executed anew on the committed state, and then everything is undone. COMMIT executes all requests once more and
 * compares every reply with the one that was sent; if all are the same, the whole transaction might as well have run at
 * this moment, and is committed; if one differs it is a conflict.
 * Invariants: (1) between turns nothing of an open transaction is in the engine; (2) a committed one is serialisable: its
 * replies are those of an execution at the moment of COMMIT; (3) requests, their bytes and the time are bounded.
 */
import { BoxError, boxError, ByteWriter } from '../../base/index.ts';
import { RequestDecoder } from '../../codec/iproto/index.ts';
import { LIMITS } from '../../config/index.ts';
import type { CommitBatch, TransactionManager } from '../txn/index.ts';

/** Executes one data request inside the open transaction, appends its result, and returns the number of tuples. */
export type RequestRunner = (request: RequestDecoder, type: number, output: ByteWriter) => number;

/** One request that was answered, and what the answer was. */
type Answered = Readonly<{ packet: Uint8Array; type: number; digest: number; isError: boolean }>;

export class InteractiveTransaction {
  readonly #transactions: TransactionManager;
  readonly #run: RequestRunner;
  readonly #answered: Answered[] = [];
  readonly #replay = new RequestDecoder();
  readonly #scratch = new ByteWriter(4096);
  readonly #deadlineMs: number;
  #bytes = 0;
  #doom: BoxError | null = null;

  constructor(transactions: TransactionManager, run: RequestRunner, deadlineMs: number) {
    this.#transactions = transactions;
    this.#run = run;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * Executes the request in the decoder after all earlier ones and appends its result; returns the number of tuples.
   * Throws the request's own error, after which the transaction goes on, or the one that doomed it.
   */
  execute(request: RequestDecoder, type: number, packetStart: number, output: ByteWriter, nowMs: number): number {
    this.#checkAlive(nowMs);
    const packet = request.bytes.slice(packetStart, request.end);
    this.#checkRoom(packet.length);
    this.#transactions.begin();
    try {
      this.#applyEarlier(false);
      const start = output.position;
      try {
        const count = this.#run(request, type, output);
        this.#remember(packet, type, digestOf(output.bytes, start, output.position), false);
        return count;
      } catch (error) {
        if (error instanceof BoxError) this.#remember(packet, type, errorDigest(error), true);
        throw error;
      }
    } finally {
      if (this.#transactions.isActive) this.#transactions.rollback();
    }
  }

  /** Commits; returns the batch to wait for, null if nothing was written. Throws ER_TRANSACTION_CONFLICT. */
  commit(nowMs: number): CommitBatch | null {
    this.#checkAlive(nowMs);
    if (this.#answered.length === 0) return null;
    this.#transactions.begin();
    try {
      this.#applyEarlier(true);
    } catch (error) {
      if (this.#transactions.isActive) this.#transactions.rollback();
      throw error;
    }
    const batch = this.#transactions.currentBatch;
    return this.#transactions.commit() ? batch : null;
  }

  /** Executes the answered requests again. With `validates` every answer must be the same as before. */
  #applyEarlier(validates: boolean): void {
    for (const answered of this.#answered) {
      this.#scratch.reset();
      const { digest, isError } = this.#again(answered);
      if (isError !== answered.isError || (validates && digest !== answered.digest)) {
        this.#doom = boxError('TRANSACTION_CONFLICT');
        throw this.#doom;
      }
    }
  }

  #again(answered: Answered): { digest: number; isError: boolean } {
    const request = this.#replay;
    const failure = request.decodeHeader(answered.packet, 0, answered.packet.length);
    if (failure !== null) throw failure;
    try {
      this.#run(request, answered.type, this.#scratch);
      return { digest: digestOf(this.#scratch.bytes, 0, this.#scratch.position), isError: false };
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      return { digest: errorDigest(error), isError: true };
    }
  }

  #remember(packet: Uint8Array, type: number, digest: number, isError: boolean): void {
    this.#answered.push({ packet, type, digest, isError });
    this.#bytes += packet.length;
  }

  #checkAlive(nowMs: number): void {
    if (nowMs > this.#deadlineMs) this.#doom ??= boxError('TRANSACTION_TIMEOUT');
    if (this.#doom !== null) throw this.#doom;
  }

  #checkRoom(bytes: number): void {
    if (this.#answered.length < LIMITS.interactiveRequestsMax && this.#bytes + bytes <= LIMITS.interactiveBytesMax)
      return;
    const { interactiveRequestsMax, interactiveBytesMax } = LIMITS;
    const limit = `${interactiveRequestsMax} requests or ${interactiveBytesMax} bytes`;
    throw boxError('UNSUPPORTED', 'A transaction over a stream', `more than ${limit}`);
  }
}

/** 53 bits of a hash over the bytes (cyrb53's mixing): different answers of equal digest are not to be expected. */
function digestOf(bytes: Uint8Array, start: number, end: number): number {
  let high = 0xdeadbeef ^ (end - start);
  let low = 0x41c6ce57 ^ (end - start);
  for (let index = start; index < end; index++) {
    const byte = bytes[index]!;
    high = Math.imul(high ^ byte, 2654435761);
    low = Math.imul(low ^ byte, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return 4294967296 * (2097151 & low) + (high >>> 0);
}

function errorDigest(error: BoxError): number {
  const text = new TextEncoder().encode(`${error.code} ${error.message}`);
  return digestOf(text, 0, text.length);
}

/**
 * A transaction over several requests of a stream.
 *
 * It keeps its steps, not their effects: each new request runs in a turn of its own on top of the earlier ones, which
 * are executed anew on the committed state, and then everything is undone. COMMIT executes all steps once more and
 * compares what each gives with what it gave first; if all are the same, the whole transaction might as well have run at
 * this moment, and is committed; if one differs it is a conflict. A data request is a step; of a procedure's call the
 * statements are, so that the procedure itself runs once.
 * Invariants: (1) between turns nothing of an open transaction is in the engine; (2) a committed one is serialisable: its
 * replies are those of an execution at the moment of COMMIT; (3) steps, their bytes and the time are bounded.
 */
import { BoxError, boxError, ByteWriter } from '../../base/index.ts';
import { RequestDecoder } from '../../codec/iproto/index.ts';
import { LIMITS } from '../../config/index.ts';
import { GivenValues } from '../catalog/index.ts';
import type { CommitBatch } from '../txn/index.ts';
import { AnswerDigest } from './answer-digest.ts';
import type { Box } from './box.ts';
import { type StepAction, StatementRecorder, type StepKeeper } from './statement-recorder.ts';

/** Executes one data request inside the open transaction, appends its result, and returns the number of tuples. */
export type RequestRunner = (request: RequestDecoder, type: number, output: ByteWriter) => number;

/** What was done, and what it gave; a digest grows while a selection is being read. */
type Step = Readonly<{
  repeat: StepAction<unknown>;
  answer: AnswerDigest;
  isError: boolean;
  /** What sequences gave meanwhile. */
  given: GivenValues;
}>;

export class InteractiveTransaction implements StepKeeper {
  readonly #box: Box;
  readonly #run: RequestRunner;
  readonly #steps: Step[] = [];
  readonly #replay = new RequestDecoder();
  readonly #scratch = new ByteWriter(4096);
  readonly #deadlineMs: number;
  #recorder: StatementRecorder | null = null;
  /** Somebody is told when it is rolled back. */
  #isAwaited = false;
  #bytes = 0;
  #doom: BoxError | null = null;

  constructor(box: Box, run: RequestRunner, deadlineMs: number) {
    this.#box = box;
    this.#run = run;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * Executes the request in the decoder after all earlier steps and appends its result; returns the number of tuples.
   * Throws the request's own error, after which the transaction goes on, or the one that doomed it.
   */
  execute(request: RequestDecoder, type: number, packetStart: number, output: ByteWriter, nowMs: number): number {
    this.#checkAlive(nowMs);
    const packet = request.bytes.slice(packetStart, request.end);
    this.#checkRoom(packet.length);
    const repeat: StepAction<void> = (answer) => this.#repeatRequest(packet, type, answer);
    return this.#onTop(() =>
      this.#keep(packet.length, repeat, (answer) => {
        const start = output.position;
        const count = this.#run(request, type, output);
        answer.add(output.bytes, start, output.position);
        return count;
      }),
    );
  }

  /**
   * Runs the body of a procedure after all earlier steps; its statements are steps from then on, also when it throws.
   * One that returns a promise dooms the transaction: what it does after its first wait cannot be part of it.
   */
  call<Result>(body: () => Result | Promise<Result>, nowMs: number): Result {
    this.#checkAlive(nowMs);
    return this.#onTop(() => {
      this.#recorder ??= new StatementRecorder(this.#box.statements, this);
      this.#box.recorder = this.#recorder;
      try {
        const result = body();
        if (!(result instanceof Promise)) return result;
        result.catch(() => undefined);
        this.#doom = boxError('TRANSACTION_YIELD');
        throw this.#doom;
      } finally {
        this.#box.recorder = null;
      }
    });
  }

  step<Result>(bytes: number, action: StepAction<Result>): Result {
    this.#checkRoom(bytes);
    return this.#keep(bytes, action, action);
  }

  /** Commits; returns the batch to wait for, null if nothing was written. Throws ER_TRANSACTION_CONFLICT. */
  commit(nowMs: number): CommitBatch | null {
    this.#checkAlive(nowMs);
    if (this.#steps.length === 0) return null;
    const { transactions } = this.#box;
    transactions.begin();
    try {
      this.#repeatAll(true);
    } catch (error) {
      if (transactions.isActive) transactions.rollback();
      throw error;
    }
    return transactions.commit();
  }

  /** Gives the transaction up. Nothing has to be undone; who asked to be told is told what would have been. */
  rollback(): void {
    if (!this.#isAwaited) return;
    const { transactions } = this.#box;
    transactions.begin();
    try {
      this.#repeatAll(false);
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
    } finally {
      transactions.rollback();
    }
  }

  /** Does the action in the state that the transaction has made so far, and undoes everything. */
  #onTop<Result>(action: () => Result): Result {
    const { transactions } = this.#box;
    transactions.begin();
    try {
      this.#repeatAll(false);
      return action();
    } finally {
      this.#isAwaited = transactions.hasRollbackTriggers;
      transactions.undoTrial();
    }
  }

  #keep<Result>(bytes: number, repeat: StepAction<unknown>, first: StepAction<Result>): Result {
    const answer = new AnswerDigest();
    const given = new GivenValues();
    let isError = false;
    this.#bytes += bytes;
    try {
      return this.#withValues(given, () => first(answer));
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      answer.addError(error);
      isError = true;
      throw error;
    } finally {
      this.#steps.push({ repeat, answer, isError, given });
    }
  }

  /** Does all steps again. With `validates` each must give the same as it did first. */
  #repeatAll(validates: boolean): void {
    for (const step of this.#steps) {
      const answer = new AnswerDigest();
      const isError = this.#repeat(step, answer);
      if (isError !== step.isError || (validates && answer.value !== step.answer.value)) {
        this.#doom = boxError('TRANSACTION_CONFLICT');
        throw this.#doom;
      }
    }
  }

  /** Whether it ended with an error. */
  #repeat({ repeat, given }: Step, answer: AnswerDigest): boolean {
    given.rewind();
    try {
      this.#withValues(given, () => repeat(answer));
      return false;
    } catch (error) {
      if (!(error instanceof BoxError)) throw error;
      answer.addError(error);
      return true;
    }
  }

  #repeatRequest(packet: Uint8Array, type: number, answer: AnswerDigest): void {
    const request = this.#replay;
    const failure = request.decodeHeader(packet, 0, packet.length);
    if (failure !== null) throw failure;
    this.#scratch.reset();
    this.#run(request, type, this.#scratch);
    answer.add(this.#scratch.bytes, 0, this.#scratch.position);
  }

  #withValues<Result>(given: GivenValues, action: () => Result): Result {
    const { catalog } = this.#box;
    catalog.givenValues = given;
    try {
      return action();
    } finally {
      catalog.givenValues = null;
    }
  }

  #checkAlive(nowMs: number): void {
    if (nowMs > this.#deadlineMs) this.#doom ??= boxError('TRANSACTION_TIMEOUT');
    if (this.#doom !== null) throw this.#doom;
  }

  #checkRoom(bytes: number): void {
    const { interactiveStepsMax, interactiveBytesMax } = LIMITS;
    if (this.#steps.length < interactiveStepsMax && this.#bytes + bytes <= interactiveBytesMax) return;
    const limit = `${interactiveStepsMax} requests and statements of procedures, or ${interactiveBytesMax} bytes`;
    throw boxError('UNSUPPORTED', 'A transaction over a stream', `more than ${limit}`);
  }
}

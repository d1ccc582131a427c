/**
 * The statements of a procedure inside a transaction that will be repeated: they are executed as always, and each is kept
 * as a step of the transaction, so that repeating it needs the procedure no more.
 *
 * Invariants: (1) a step keeps copies of what it was given; (2) what triggers do belongs to the statement that they
 * follow, which brings them about again: it makes no steps; (3) a selection is compared as far as it was read.
 */
import { skipValue } from '../../codec/msgpack/index.ts';
import { type Address, type Arena, NO_ADDRESS, tuplePosition, tupleSize, tupleSlab } from '../arena/index.ts';
import type { IndexCursor, SpaceIndex } from '../indexes/index.ts';
import type { Space } from '../memtx/index.ts';
import type { AnswerDigest } from './answer-digest.ts';
import type { Session } from './session.ts';
import type { Statements } from './statements.ts';

/** What of the statements code inside the instance uses. */
export type CodeStatements = Pick<
  Statements,
  | 'count'
  | 'delete'
  | 'get'
  | 'insert'
  | 'readable'
  | 'replace'
  | 'select'
  | 'selected'
  | 'selectLarge'
  | 'update'
  | 'upsert'
>;

/** Does something and adds what it gave to the digest. */
export type StepAction<Result> = (answer: AnswerDigest) => Result;

/** Where steps are kept. */
export interface StepKeeper {
  /**
   * Does the action and keeps it, with what it gave or the BoxError that it threw; `bytes` is what it holds on to. Throws
   * without doing anything if no room is left.
   */
  step<Result>(bytes: number, action: StepAction<Result>): Result;
}

export class StatementRecorder implements CodeStatements {
  readonly #statements: Statements;
  readonly #keeper: StepKeeper;
  #isInStep = false;

  constructor(statements: Statements, keeper: StepKeeper) {
    this.#statements = statements;
    this.#keeper = keeper;
  }

  get selected(): Space {
    return this.#statements.selected;
  }

  select(
    session: Session,
    spaceId: number,
    indexId: number,
    iterator: number,
    offset: number,
    key: Uint8Array,
    keyPosition: number,
  ): IndexCursor {
    const statements = this.#statements;
    if (this.#isInStep) return statements.select(session, spaceId, indexId, iterator, offset, key, keyPosition);
    const kept = key.slice(keyPosition, skipValue(key, keyPosition));
    let readCount = 0;
    return this.#step(kept.length, (answer) => {
      const cursor = statements.select(session, spaceId, indexId, iterator, offset, kept, 0);
      const { arena } = statements.selected;
      for (let at = 0; at < readCount; at++) addTuple(answer, arena, cursor.next());
      return {
        next() {
          readCount++;
          const tuple = cursor.next();
          addTuple(answer, arena, tuple);
          return tuple;
        },
      };
    });
  }

  /** None: a walk is one selection here, of the moment in which it begins. */
  selectLarge(): null {
    return null;
  }

  get(session: Session, spaceId: number, indexId: number, key: Uint8Array, keyPosition: number): Address {
    const kept = key.slice(keyPosition, skipValue(key, keyPosition));
    return this.run(kept.length, () => this.#statements.get(session, spaceId, indexId, kept, 0));
  }

  count(
    session: Session,
    spaceId: number,
    indexId: number,
    iterator: number,
    key: Uint8Array,
    keyPosition: number,
  ): number {
    const kept = key.slice(keyPosition, skipValue(key, keyPosition));
    return this.observe(kept.length, () => this.#statements.count(session, spaceId, indexId, iterator, kept, 0));
  }

  readable(session: Session, spaceId: number, indexId: number): SpaceIndex {
    return this.#statements.readable(session, spaceId, indexId);
  }

  insert(session: Session, spaceId: number, bytes: Uint8Array, position: number, end: number): Address {
    const kept = bytes.slice(position, end);
    return this.run(kept.length, () => this.#statements.insert(session, spaceId, kept, 0, kept.length));
  }

  replace(session: Session, spaceId: number, bytes: Uint8Array, position: number, end: number): Address {
    const kept = bytes.slice(position, end);
    return this.run(kept.length, () => this.#statements.replace(session, spaceId, kept, 0, kept.length));
  }

  delete(session: Session, spaceId: number, indexId: number, key: Uint8Array, keyPosition: number): Address {
    const kept = key.slice(keyPosition, skipValue(key, keyPosition));
    return this.run(kept.length, () => this.#statements.delete(session, spaceId, indexId, kept, 0));
  }

  update(
    session: Session,
    spaceId: number,
    indexId: number,
    bytes: Uint8Array,
    keyPosition: number,
    operationsPosition: number,
    operationsEnd: number,
    indexBase: number,
  ): Address {
    const key = bytes.subarray(keyPosition, skipValue(bytes, keyPosition));
    const [kept, middle] = joined(key, bytes.subarray(operationsPosition, operationsEnd));
    return this.run(kept.length, () =>
      this.#statements.update(session, spaceId, indexId, kept, 0, middle, kept.length, indexBase),
    );
  }

  upsert(
    session: Session,
    spaceId: number,
    bytes: Uint8Array,
    tupleStart: number,
    tupleEnd: number,
    operationsPosition: number,
    operationsEnd: number,
    indexBase: number,
  ): void {
    const tuple = bytes.subarray(tupleStart, tupleEnd);
    const [kept, middle] = joined(tuple, bytes.subarray(operationsPosition, operationsEnd));
    this.run(kept.length, () => {
      this.#statements.upsert(session, spaceId, kept, 0, middle, middle, kept.length, indexBase);
      return NO_ADDRESS;
    });
  }

  /** Something else that belongs to the transaction and gives a tuple or nothing. */
  run(bytes: number, action: () => Address): Address {
    if (this.#isInStep) return action();
    return this.#step(bytes, (answer) => {
      const tuple = action();
      if (tuple !== NO_ADDRESS) addTuple(answer, this.#statements.selected.arena, tuple);
      return tuple;
    });
  }

  /** A number that says something about what is stored. */
  observe(bytes: number, read: () => number): number {
    if (this.#isInStep) return read();
    return this.#step(bytes, (answer) => {
      const value = read();
      answer.addText(String(value));
      return value;
    });
  }

  #step<Result>(bytes: number, action: StepAction<Result>): Result {
    this.#isInStep = true;
    try {
      return this.#keeper.step(bytes, action);
    } finally {
      this.#isInStep = false;
    }
  }
}

function addTuple(answer: AnswerDigest, arena: Arena, tuple: Address): void {
  if (tuple === NO_ADDRESS) {
    answer.addText('nothing');
    return;
  }
  const position = tuplePosition(tuple);
  answer.add(tupleSlab(arena, tuple), position, position + tupleSize(arena, tuple));
}

/** Both behind each other, and where the second begins. */
function joined(first: Uint8Array, second: Uint8Array): readonly [Uint8Array, number] {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return [both, first.length];
}

/** A sequence as code inside the instance sees it. Values taken stay taken, whatever becomes of a transaction. */
import { boxError, defined } from '../../base/index.ts';
import { encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { type Address, NO_ADDRESS } from '../../engine/arena/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import { type Sequence, SYSTEM_SPACE } from '../../engine/catalog/index.ts';

const PRIMARY_INDEX = 0;

export class LocalSequence {
  readonly name: string;
  readonly #box: Box;
  readonly #session: Session;

  /** Throws ER_NO_SUCH_SEQUENCE. */
  constructor(box: Box, session: Session, name: string) {
    this.#box = box;
    this.#session = session;
    this.name = name;
    this.#find();
  }

  get id(): number {
    return this.#find().definition.id;
  }

  /** Takes the next value; a bigint where a number would not be exact. Throws ER_SEQUENCE_OVERFLOW. */
  next(): number | bigint {
    const sequence = this.#usable();
    const value = this.#box.catalog.nextValue(sequence);
    this.#box.asStep(() => {
      // When it is repeated others may have taken values behind this one.
      sequence.advanceTo(value);
      return this.#write(sequence, defined(sequence.value, 'the value of a sequence that gave one'));
    });
    return exact(value);
  }

  /** The value behind which the next one comes. */
  set(value: number | bigint): void {
    const sequence = this.#usable();
    this.#box.asStep(() => this.#write(sequence, BigInt(value)));
  }

  /** Begins anew. */
  reset(): void {
    const sequence = this.#usable();
    const { statements, adminSession } = this.#box;
    const key = encodeToBytes([sequence.definition.id]);
    this.#box.asStep(() => {
      statements.delete(adminSession, SYSTEM_SPACE.sequenceData, PRIMARY_INDEX, key, 0);
      // A sequence that only filled fields has no row, and has a value nevertheless.
      sequence.value = null;
      return NO_ADDRESS;
    });
  }

  /** The last value. Throws ER_SEQUENCE_NOT_STARTED before the first. */
  current(): number | bigint {
    return exact(this.#usable().current());
  }

  #write(sequence: Sequence, value: bigint): Address {
    const { statements, adminSession } = this.#box;
    const tuple = encodeToBytes([sequence.definition.id, value as Value]);
    statements.replace(adminSession, SYSTEM_SPACE.sequenceData, tuple, 0, tuple.length);
    // Others take values, too: what was stored is not the transaction's to compare.
    return NO_ADDRESS;
  }

  #usable(): Sequence {
    const sequence = this.#find();
    this.#box.access.checkSequence(this.#session.effectiveUser, sequence);
    return sequence;
  }

  #find(): Sequence {
    for (const sequence of this.#box.catalog.sequences()) {
      if (sequence.definition.name === this.name) return sequence;
    }
    throw boxError('NO_SUCH_SEQUENCE', this.name);
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

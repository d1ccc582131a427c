/**
 * A sequence: its definition, which DDL replaces, and the last value it gave.
 * Invariant: a value that was given is not given again when the transaction that took it is rolled back.
 */
import { boxError } from '../../base/index.ts';
import type { SequenceDefinition } from './definitions/sequence-definition.ts';

const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

export class Sequence {
  definition: SequenceDefinition;
  /** The last value, null before the first. */
  value: bigint | null = null;
  /** Made for one space, with which it shares rights and end. */
  isGenerated = false;

  constructor(definition: SequenceDefinition) {
    this.definition = definition;
  }

  /** Takes the next value. Throws SEQUENCE_OVERFLOW (147) at the end of a sequence that has one. */
  next(): bigint {
    const next = this.#following();
    this.value = next;
    return next;
  }

  #following(): bigint {
    const { step, min, max, start, isCyclic, name } = this.definition;
    const last = this.value;
    if (last === null) return start;
    if (step > 0n) {
      if (last < min) return min;
      const next = last + step;
      if (next <= INT64_MAX && next <= max) return next;
    } else {
      if (last > max) return max;
      const next = last + step;
      if (next >= INT64_MIN && next >= min) return next;
    }
    if (!isCyclic) throw boxError('SEQUENCE_OVERFLOW', name);
    return step > 0n ? min : max;
  }

  /** Takes note of a value that somebody chose, if it lies ahead: the sequence then goes on behind it. */
  advanceTo(value: bigint): void {
    const last = this.value;
    const { step } = this.definition;
    if (last === null || (step > 0n ? value > last : value < last)) this.value = value;
  }

  /** The last value. Throws SEQUENCE_NOT_STARTED (212) before the first. */
  current(): bigint {
    if (this.value === null) throw boxError('SEQUENCE_NOT_STARTED', this.definition.name);
    return this.value;
  }
}

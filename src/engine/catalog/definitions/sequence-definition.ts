/** A row of `_sequence`. */
import { boxError, type ErrorName, sequenceId, type SequenceId, userId, type UserId } from '../../../base/index.ts';
import type { TupleReader } from '../tuple-reader.ts';
import { readName } from './identifiers.ts';

export type SequenceDefinition = Readonly<{
  id: SequenceId;
  ownerId: UserId;
  name: string;
  /** Not 0; negative for a sequence that counts down. */
  step: bigint;
  min: bigint;
  max: bigint;
  /** The first value. */
  start: bigint;
  /** Whether it begins again at the other end instead of failing. */
  isCyclic: boolean;
}>;

const FIELD = { id: 0, owner: 1, name: 2, step: 3, min: 4, max: 5, start: 6, cache: 7, cycle: 8 } as const;
export const SEQUENCE_ID_FIELD = FIELD.id;

/** `error` is CREATE_SEQUENCE (142) or ALTER_SEQUENCE (143). */
export function readSequenceRow(row: TupleReader, error: ErrorName): SequenceDefinition {
  const name = readName(row, FIELD.name, error, 'sequence');
  const id = row.unsigned(FIELD.id);
  const ownerId = row.unsigned(FIELD.owner);
  const step = row.integer(FIELD.step);
  const min = row.integer(FIELD.min);
  const max = row.integer(FIELD.max);
  const start = row.integer(FIELD.start);
  row.integer(FIELD.cache);
  const isCyclic = row.boolean(FIELD.cycle);
  if (step === 0n) throw boxError(error, name, 'step option must be non-zero');
  if (min > max) throw boxError(error, name, 'max must be greater than or equal to min');
  if (start < min || start > max) throw boxError(error, name, 'start must be between min and max');
  return { id: sequenceId(id), ownerId: userId(ownerId), name, step, min, max, start, isCyclic };
}

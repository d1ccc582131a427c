/** `box.schema.sequence` and the objects of `box.sequence`. */
import { boxError } from '../../../../base/index.ts';
import { type Sequence, SYSTEM_SPACE } from '../../../../engine/catalog/index.ts';
import { NO_ADDRESS } from '../../../../engine/arena/index.ts';
import { encodeToBytes } from '../../../../codec/msgpack/index.ts';
import { Integer64 } from '../../ffi/numbers.ts';
import { LuaError } from '../../runtime/errors.ts';
import { captureFrames } from '../../runtime/stack.ts';
import { LuaTable } from '../../runtime/table.ts';
import { rawToText } from '../../runtime/types.ts';
import type { LuaValue } from '../../runtime/values.ts';
import { luaInteger } from '../../ffi/numbers.ts';
import { byteStringOf, textOf } from '../byte-strings.ts';
import { checkOptions, checkText, type OptionTypes, option } from './option-checks.ts';
import { revokeObject } from './privileges.ts';
import type { SchemaRows } from './schema-rows.ts';

const OPTIONS: OptionTypes = {
  step: ['number', 'cdata'],
  min: ['number', 'cdata'],
  max: ['number', 'cdata'],
  start: ['number', 'cdata'],
  cache: ['number', 'cdata'],
  cycle: ['boolean'],
};
/** What messages say of the same options. */
const SHOWN_OPTIONS: OptionTypes = {
  step: ['number'],
  min: ['number'],
  max: ['number'],
  start: ['number'],
  cache: ['number'],
  cycle: ['boolean'],
};
const NAME_INDEX = 2;
const INT64_MAX = new Integer64(2n ** 63n - 1n, true);
const INT64_MIN = new Integer64(-(2n ** 63n), false);
/** Fields of `_sequence` from 0. */
const FIELD = { id: 0, name: 2, step: 3, min: 4, max: 5, start: 6, cache: 7, cycle: 8 } as const;

function checkSequenceOptions(options: LuaValue, more: OptionTypes): LuaTable {
  const isShown =
    options instanceof LuaTable && Object.keys(OPTIONS).every((name) => !isCdata(options.getString(name)));
  return checkOptions(options, { ...(isShown ? SHOWN_OPTIONS : OPTIONS), ...more });
}

function isCdata(value: LuaValue): boolean {
  return value instanceof Integer64;
}

export function createSequence(rows: SchemaRows, given: LuaValue, givenOptions: LuaValue): LuaValue {
  const name = checkText(given, 'name');
  const options = checkSequenceOptions(givenOptions, { if_not_exists: ['boolean'] });
  const known = rows.get(SYSTEM_SPACE.sequence, [name], NAME_INDEX);
  if (known !== undefined) {
    if (option(options, 'if_not_exists') === true) return Number(known.field(FIELD.id));
    throw boxError('SEQUENCE_EXISTS', textOf(name));
  }
  return rows.atomic(() => insertSequence(rows, name, options));
}

/** The sequence that is made for a space and goes with it. */
export function createGeneratedSequence(rows: SchemaRows, spaceId: number): number {
  const name = rows.existingTable(spaceId).getString('name');
  return insertSequence(rows, `${rawToText(name)}_seq`, new LuaTable());
}

function insertSequence(rows: SchemaRows, name: string, options: LuaTable): number {
  const id = rows.largestId(SYSTEM_SPACE.sequence) + 1;
  const step = option(options, 'step') ?? 1;
  const isForward = step instanceof Integer64 ? step.value >= 0n : Number(step) >= 0;
  const min = option(options, 'min') ?? (isForward ? 1 : INT64_MIN);
  const max = option(options, 'max') ?? (isForward ? INT64_MAX : -1);
  const start = option(options, 'start') ?? (isForward ? min : max);
  const cache = option(options, 'cache') ?? 0;
  const cycle = option(options, 'cycle') ?? false;
  rows.insert(SYSTEM_SPACE.sequence, [id, rows.userId, name, step, min, max, start, cache, cycle]);
  return id;
}

/** Throws NO_SUCH_SEQUENCE (145). */
function existingId(rows: SchemaRows, name: LuaValue): number | null {
  const row =
    typeof name === 'number'
      ? rows.get(SYSTEM_SPACE.sequenceView, [name])
      : name === undefined
        ? undefined
        : rows.get(SYSTEM_SPACE.sequenceView, [name], NAME_INDEX);
  return row === undefined ? null : Number(row.field(FIELD.id));
}

export function alterSequence(rows: SchemaRows, name: LuaValue, givenOptions: LuaValue): void {
  const options = checkSequenceOptions(givenOptions, { name: ['string'] });
  const id = existingId(rows, name);
  if (id === null) throw boxError('NO_SUCH_SEQUENCE', textOf(rawToText(name)));
  const operations: LuaValue[][] = [];
  for (const [field, number] of Object.entries(FIELD)) {
    const value = option(options, field);
    if (value !== undefined && field !== 'id') operations.push(['=', number + 1, value]);
  }
  if (operations.length > 0) rows.update(SYSTEM_SPACE.sequence, id, operations);
}

export function dropSequence(rows: SchemaRows, name: LuaValue, givenOptions: LuaValue): void {
  const options = checkOptions(givenOptions, { if_exists: ['boolean'] });
  const id = existingId(rows, name);
  if (id === null) {
    if (option(options, 'if_exists') === true) return;
    throw boxError('NO_SUCH_SEQUENCE', textOf(rawToText(name)));
  }
  rows.atomic(() => {
    revokeObject(rows, 'sequence', id);
    rows.delete(SYSTEM_SPACE.sequenceData, [id]);
    rows.delete(SYSTEM_SPACE.sequence, [id]);
  });
}

/** The fields that a sequence's object shows. */
export function describeSequence(table: LuaTable, { definition }: Sequence): void {
  table.setString('id', definition.id);
  table.setString('name', byteStringOf(definition.name));
  table.setString('uid', definition.ownerId);
  table.setString('step', shown(definition.step));
  table.setString('min', shown(definition.min));
  table.setString('max', shown(definition.max));
  table.setString('start', shown(definition.start));
  table.setString('cache', 0);
  table.setString('cycle', definition.isCyclic);
}

function shown(value: bigint): LuaValue {
  return luaInteger(Number(value), () => value, value >= 0n);
}

/** The values of a sequence; they stay taken whatever becomes of a transaction. */
export class SequenceValues {
  readonly #rows: SchemaRows;

  constructor(rows: SchemaRows) {
    this.#rows = rows;
  }

  next(name: string): LuaValue {
    const sequence = this.#usable(name);
    const { box } = this.#rows.context;
    const value = box.catalog.nextValue(sequence);
    this.#write(sequence, value, () => sequence.advanceTo(value));
    return luaInteger(Number(value), () => value, false);
  }

  current(name: string): LuaValue {
    return new Integer64(this.#usable(name).current(), false);
  }

  set(name: string, value: LuaValue): void {
    const sequence = this.#usable(name);
    if (value instanceof Integer64) this.#write(sequence, value.value);
    else if (typeof value === 'number') this.#write(sequence, BigInt(Math.trunc(value)));
    else throw new LuaError('expected int64_t as 2 argument', captureFrames());
  }

  reset(name: string): void {
    const sequence = this.#usable(name);
    const { statements, adminSession } = this.#rows.context.box;
    const key = encodeToBytes([sequence.definition.id]);
    this.#step(() => {
      statements.delete(adminSession, SYSTEM_SPACE.sequenceData, 0, key, 0);
      sequence.value = null;
    });
  }

  /** `before` is done again when the transaction is repeated: others may have taken values meanwhile. */
  #write(sequence: Sequence, value: bigint, before: () => void = () => undefined): void {
    const { statements, adminSession } = this.#rows.context.box;
    const tuple = encodeToBytes([sequence.definition.id, value]);
    this.#step(() => {
      before();
      statements.replace(adminSession, SYSTEM_SPACE.sequenceData, tuple, 0, tuple.length);
    });
  }

  #step(action: () => void): void {
    const { box, transactions } = this.#rows.context;
    transactions.enter();
    box.asStep(() => {
      action();
      return NO_ADDRESS;
    });
  }

  #usable(name: string): Sequence {
    const { context, catalog } = this.#rows;
    const text = textOf(name);
    for (const sequence of catalog.sequences()) {
      if (sequence.definition.name !== text) continue;
      context.box.access.checkSequence(context.session.effectiveUser, sequence);
      return sequence;
    }
    throw boxError('NO_SUCH_SEQUENCE', text);
  }
}

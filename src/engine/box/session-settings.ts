/**
 * The space `_session_settings` (engine `service`): a row for each setting, with the values of the session that asks.
 * Rows can be read and updated, nothing else. Each value that a setting can have is stored as a tuple once, when it is
 * first shown, so that results are addresses as everywhere.
 */
import { boxError, ByteWriter, defined } from '../../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  encodeToBytes,
  KIND,
  kindAt,
  readString,
  skipValue,
} from '../../codec/msgpack/index.ts';
import { applyUpdate, validateTuple } from '../../tuple/index.ts';
import { type Address, NO_ADDRESS, tuplePosition, tupleSlab } from '../arena/index.ts';
import { type IndexCursor, ITERATOR, type IteratorType } from '../indexes/index.ts';
import type { Space } from '../memtx/index.ts';
import type { Session } from './session.ts';

export type SettingValue = boolean | string;

/** In the order of names, which is that of the index. */
const DEFAULTS: ReadonlyMap<string, SettingValue> = new Map<string, SettingValue>([
  ['error_marshaling_enabled', false],
  ['sql_default_engine', 'memtx'],
  ['sql_defer_foreign_keys', false],
  ['sql_full_column_names', false],
  ['sql_full_metadata', false],
  ['sql_parser_debug', false],
  ['sql_recursive_triggers', true],
  ['sql_reverse_unordered_selects', false],
  ['sql_select_debug', false],
  ['sql_vdbe_debug', false],
]);
const NAMES = [...DEFAULTS.keys()];
const SQL_ENGINES: readonly string[] = ['memtx', 'vinyl'];

export class SessionSettings {
  readonly #tuples = new Map<string, Address>();

  /** Rows by name; the key has been checked against the index. */
  select(session: Session, space: Space, iterator: IteratorType, key: Uint8Array, keyPosition: number): IndexCursor {
    const names = namesFor(iterator, keyName(key, keyPosition));
    let at = 0;
    return {
      next: () => {
        const name = names[at++];
        return name === undefined ? NO_ADDRESS : this.#tuple(space, name, valueOf(session, name));
      },
    };
  }

  /** The row with the name, NO_ADDRESS if there is no such setting. */
  find(session: Session, space: Space, key: Uint8Array, keyPosition: number): Address {
    const name = keyName(key, keyPosition);
    return name === null || !DEFAULTS.has(name) ? NO_ADDRESS : this.#tuple(space, name, valueOf(session, name));
  }

  /**
   * Changes a setting of the session and returns its row, NO_ADDRESS if there is no such setting. Throws what an update
   * throws, CANT_UPDATE_PRIMARY_KEY (94), SESSION_SETTING_INVALID_VALUE (209) or NO_SUCH_ENGINE (57).
   */
  update(
    session: Session,
    space: Space,
    bytes: Uint8Array,
    keyPosition: number,
    operationsPosition: number,
    indexBase: number,
  ): Address {
    const old = this.find(session, space, bytes, keyPosition);
    if (old === NO_ADDRESS) return NO_ADDRESS;
    const name = defined(keyName(bytes, keyPosition), 'name of a setting that was found');
    const writer = new ByteWriter(256);
    const request = { bytes, position: operationsPosition, indexBase };
    applyUpdate(writer, space.format, tupleSlab(space.arena, old), tuplePosition(old), request);
    validateTuple(space.format, writer.bytes, 0, writer.position);
    const namePosition = containerHeaderSize(writer.bytes, 0);
    if (readString(writer.bytes, namePosition) !== name) {
      throw boxError('CANT_UPDATE_PRIMARY_KEY', space.index(0).definition.name, space.name);
    }
    const value = readValue(name, writer.bytes, skipValue(writer.bytes, namePosition));
    session.settings.set(name, value);
    return this.#tuple(space, name, value);
  }

  #tuple(space: Space, name: string, value: SettingValue): Address {
    const row = `${name} ${String(value)}`;
    const known = this.#tuples.get(row);
    if (known !== undefined) return known;
    const bytes = encodeToBytes([name, value]);
    const tuple = space.newTuple(bytes, 0, bytes.length);
    this.#tuples.set(row, tuple);
    return tuple;
  }
}

function valueOf(session: Session, name: string): SettingValue {
  return session.settings.get(name) ?? defined(DEFAULTS.get(name), 'value of a setting');
}

function keyName(key: Uint8Array, keyPosition: number): string | null {
  return arrayLength(key, keyPosition) === 0
    ? null
    : readString(key, keyPosition + containerHeaderSize(key, keyPosition));
}

function namesFor(iterator: IteratorType, name: string | null): readonly string[] {
  switch (iterator) {
    case ITERATOR.EQ:
      return name === null ? NAMES : NAMES.filter((each) => each === name);
    case ITERATOR.REQ:
      return (name === null ? NAMES : NAMES.filter((each) => each === name)).toReversed();
    case ITERATOR.LT:
      return NAMES.filter((each) => name === null || each < name).toReversed();
    case ITERATOR.LE:
      return NAMES.filter((each) => name === null || each <= name).toReversed();
    case ITERATOR.GT:
      return NAMES.filter((each) => name === null || each > name);
    default:
      return NAMES.filter((each) => name === null || each >= name);
  }
}

function readValue(name: string, bytes: Uint8Array, position: number): SettingValue {
  const kind = kindAt(bytes, position);
  if (typeof DEFAULTS.get(name) === 'boolean') {
    if (kind !== KIND.boolean) throw boxError('SESSION_SETTING_INVALID_VALUE', name, 'boolean');
    return bytes[position] === 0xc3;
  }
  if (kind !== KIND.string) throw boxError('SESSION_SETTING_INVALID_VALUE', name, 'string');
  const engine = readString(bytes, position);
  if (!SQL_ENGINES.includes(engine)) throw boxError('NO_SUCH_ENGINE', engine);
  return engine;
}

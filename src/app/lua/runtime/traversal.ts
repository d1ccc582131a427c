/** Walks over a table for `for ... in pairs(t)` and `ipairs(t)` without a call for each entry. */
import type { LuaTable } from './table.ts';
import type { LuaValue } from './values.ts';

/** Gives each entry once; an entry may be changed or set to nil on the way. */
export interface TableCursor {
  key: LuaValue;
  value: LuaValue;
  /** Moves to the next entry; false behind the last one. */
  advance(): boolean;
}

export class PairsCursor implements TableCursor {
  key: LuaValue = undefined;
  value: LuaValue = undefined;
  readonly #table: LuaTable;
  #index = 0;
  #place = 0;

  constructor(table: LuaTable) {
    this.#table = table;
  }

  advance(): boolean {
    const { array } = this.#table;
    while (this.#index < array.length) {
      const value = array[this.#index++];
      if (value === undefined) continue;
      this.value = value;
      this.key = this.#index;
      return true;
    }
    this.#place = this.#table.hashEntryFrom(this.#place);
    if (this.#place < 0) return false;
    this.key = this.#table.hashKeyAt(this.#place);
    this.value = this.#table.hashValueAt(this.#place++);
    return true;
  }
}

export class IpairsCursor implements TableCursor {
  key: LuaValue = 0;
  value: LuaValue = undefined;
  readonly #table: LuaTable;
  #index = 0;

  constructor(table: LuaTable) {
    this.#table = table;
  }

  advance(): boolean {
    this.key = ++this.#index;
    this.value = this.#table.get(this.#index);
    return this.value !== undefined;
  }
}

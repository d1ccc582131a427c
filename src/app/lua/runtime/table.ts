/**
 * A Lua table: an array for the keys 1 to n, and a hash with an order of its own for all others.
 *
 * Invariants: (1) the last item of `array` is not nil, and when one is added at most half of them are; (2) key
 * `array.length + 1` is not in the hash; (3) a hash entry keeps its place while the table is traversed, also when it is
 * set to nil.
 */
import type { LuaValue } from './values.ts';

/** A table with these fields. */
export function tableOf(values: Readonly<Record<string, LuaValue>>): LuaTable {
  const table = new LuaTable();
  for (const [name, value] of Object.entries(values)) table.setString(name, value);
  return table;
}

/** Entries that are nil before the hash is written anew, at least. */
const DEAD_MIN = 8;
/** So many items may be nil in any array. */
const HOLES_MIN = 16;

export class LuaTable {
  /** Values of the keys 1 to `array.length`. */
  readonly array: LuaValue[];
  metatable: LuaTable | null = null;
  /** Place in `#keys` and `#values` by key. */
  #places: Map<LuaValue, number> | null = null;
  #keys: LuaValue[] = [];
  #values: LuaValue[] = [];
  #dead = 0;
  /** Items of the array that are nil. */
  #holes = 0;
  /** The greatest length from which the array was made shorter. */
  #arrayMost = 0;

  /** `array` becomes the table's own and holds no nil. */
  constructor(array: LuaValue[] = []) {
    this.array = array;
  }

  /** A table of these items, some of which may be nil. */
  static ofItems(items: LuaValue[]): LuaTable {
    let holes = 0;
    for (const item of items) if (item === undefined) holes++;
    if (holes === 0) return new LuaTable(items);
    const table = new LuaTable(items);
    table.#holes = holes;
    table.#trim();
    table.#limitHoles();
    return table;
  }

  get(key: LuaValue): LuaValue {
    if (typeof key === 'number') {
      const { array } = this;
      if (key >= 1 && key <= array.length) {
        const value = array[key - 1];
        if (value !== undefined) return value;
      }
    }
    return this.#places === null ? undefined : this.#hashed(key);
  }

  /** The same for a key that is a string. */
  getString(key: string): LuaValue {
    const places = this.#places;
    if (places === null) return undefined;
    const place = places.get(key);
    return place === undefined ? undefined : this.#values[place];
  }

  /** Sets a key that is neither nil nor NaN; the value nil takes it away. */
  set(key: LuaValue, value: LuaValue): void {
    if (typeof key === 'number') {
      const { array } = this;
      if (key >= 1 && key <= array.length && Number.isInteger(key)) {
        if (value === undefined) this.#removeFromArray(key);
        else {
          if (this.#holes > 0 && array[key - 1] === undefined) this.#holes--;
          array[key - 1] = value;
        }
        return;
      }
      if (key === array.length + 1 && value !== undefined) {
        if (this.#holes > HOLES_MIN && this.#limitHoles()) return this.#setHashed(key, value);
        array.push(value);
        if (this.#places !== null) this.#moveToArray();
        return;
      }
    }
    this.#setHashed(key, value);
  }

  setString(key: string, value: LuaValue): void {
    this.#setHashed(key, value);
  }

  /** Inserts a value before an item of the array, whose table has no other numbers as keys. */
  insertIntoArray(position: number, value: LuaValue): void {
    this.array.splice(position - 1, 0, value);
  }

  /** Takes an item out and moves the others up; false if it cannot be done at once. */
  removeFromArray(position: number): boolean {
    if (this.#holes > 0 || position > this.array.length) return false;
    this.array.splice(position - 1, 1);
    return true;
  }

  clear(): void {
    this.array.length = 0;
    this.#holes = 0;
    this.#places = null;
    this.#keys = [];
    this.#values = [];
    this.#dead = 0;
  }

  /** A border: `n` with t[n] not nil and t[n + 1] nil, or 0. */
  length(): number {
    return this.array.length;
  }

  /**
   * The entry after the key (after nil: the first), as `[key, value]`; null behind the last one, undefined if the key is
   * not in the table.
   */
  next(key: LuaValue): readonly [LuaValue, LuaValue] | null | undefined {
    const { array } = this;
    let place = 0;
    const known = key === undefined ? undefined : this.#places?.get(key);
    if (known !== undefined) place = known + 1;
    else if (key === undefined || (typeof key === 'number' && key >= 0 && Number.isInteger(key))) {
      // A number may also be that of an item that was behind the array's end when a traversal came by.
      const index = key ?? 0;
      if (index > Math.max(this.#arrayMost, array.length)) return undefined;
      for (let at = index; at < array.length; at++) {
        if (array[at] !== undefined) return [at + 1, array[at]];
      }
    } else return undefined;
    place = this.hashEntryFrom(place);
    return place < 0 ? null : [this.#keys[place], this.#values[place]];
  }

  /** Place of the first entry of the hash that is not nil, from this place on; -1 if there is none. */
  hashEntryFrom(place: number): number {
    for (let at = place; at < this.#keys.length; at++) {
      if (this.#values[at] !== undefined) return at;
    }
    return -1;
  }

  hashKeyAt(place: number): LuaValue {
    return this.#keys[place];
  }

  hashValueAt(place: number): LuaValue {
    return this.#values[place];
  }

  /** Items of the array that are nil. */
  get arrayHoles(): number {
    return this.#holes;
  }

  /** Number of entries of the hash that are not nil. */
  get hashSize(): number {
    return this.#keys.length - this.#dead;
  }

  #hashed(key: LuaValue): LuaValue {
    const place = this.#places!.get(key);
    return place === undefined ? undefined : this.#values[place];
  }

  #setHashed(key: LuaValue, value: LuaValue): void {
    const places = (this.#places ??= new Map());
    const place = places.get(key);
    if (place !== undefined) {
      const old = this.#values[place];
      this.#values[place] = value;
      if (old === undefined && value !== undefined) this.#dead--;
      else if (old !== undefined && value === undefined) this.#dead++;
      return;
    }
    if (value === undefined) return;
    if (this.#dead > DEAD_MIN && this.#dead * 2 > this.#keys.length) this.#compact();
    this.#places!.set(key, this.#keys.length);
    this.#keys.push(Object.is(key, -0) ? 0 : key);
    this.#values.push(value);
  }

  #compact(): void {
    const keys = this.#keys;
    const values = this.#values;
    const places = new Map<LuaValue, number>();
    this.#keys = [];
    this.#values = [];
    for (let place = 0; place < keys.length; place++) {
      if (values[place] === undefined) continue;
      places.set(keys[place], this.#keys.length);
      this.#keys.push(keys[place]);
      this.#values.push(values[place]);
    }
    this.#places = places;
    this.#dead = 0;
  }

  /** Leaves a hole; at the end the array becomes shorter. */
  #removeFromArray(key: number): void {
    const { array } = this;
    if (array.length > this.#arrayMost) this.#arrayMost = array.length;
    if (key === array.length) {
      array.pop();
      if (this.#holes > 0) this.#trim();
    } else if (array[key - 1] !== undefined) {
      array[key - 1] = undefined;
      this.#holes++;
    }
  }

  /** Takes nils off the array's end. */
  #trim(): void {
    const { array } = this;
    while (array.length > 0 && array[array.length - 1] === undefined) {
      array.pop();
      this.#holes--;
    }
  }

  /**
   * An array with too many holes keeps what is before the first one; the rest moves to the hash, and the answer is true.
   * Not while items are taken away: a traversal may do so, and must not meet an item again.
   */
  #limitHoles(): boolean {
    const { array } = this;
    if (this.#holes <= HOLES_MIN || this.#holes * 2 <= array.length) return false;
    const first = array.indexOf(undefined);
    const tail = array.slice(first + 1);
    array.length = first;
    this.#holes = 0;
    for (let at = 0; at < tail.length; at++) {
      if (tail[at] !== undefined) this.#setHashed(first + 2 + at, tail[at]);
    }
    return true;
  }

  /** Takes over from the hash what now follows the array. */
  #moveToArray(): void {
    const { array } = this;
    if (this.#dead === this.#keys.length) return;
    for (;;) {
      const key = array.length + 1;
      const place = this.#places!.get(key);
      const value = place === undefined ? undefined : this.#values[place];
      if (place === undefined || value === undefined) return;
      // Its place is forgotten too: a traversal that comes by the item must not go on from there.
      this.#places!.delete(key);
      this.#values[place] = undefined;
      this.#dead++;
      array.push(value);
    }
  }
}

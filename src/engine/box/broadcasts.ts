/** Values that the instance announces by key, and who listens: `box.broadcast` and WATCH. */

/** Called with each new value; MessagePack, or null when the key has none. */
export type BroadcastListener = (key: string) => void;

export class Broadcasts {
  readonly #values = new Map<string, Uint8Array>();
  readonly #listeners = new Map<string, Set<BroadcastListener>>();

  /** The value of the key, null if it has none. */
  value(key: string): Uint8Array | null {
    return this.#values.get(key) ?? null;
  }

  /** Sets the value (null removes it) and tells the listeners. */
  announce(key: string, value: Uint8Array | null): void {
    if (value === null) this.#values.delete(key);
    else this.#values.set(key, value);
    for (const listener of this.#listeners.get(key) ?? []) listener(key);
  }

  hasListeners(key: string): boolean {
    return this.#listeners.has(key);
  }

  listen(key: string, listener: BroadcastListener): void {
    const listeners = this.#listeners.get(key) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(key, listeners);
  }

  unlisten(key: string, listener: BroadcastListener): void {
    const listeners = this.#listeners.get(key);
    if (listeners === undefined) return;
    listeners.delete(listener);
    if (listeners.size === 0) this.#listeners.delete(key);
  }
}

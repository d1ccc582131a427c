/**
 * Subscriptions to keys that the server broadcasts. The server tells a key's value at once and then each change; it
 * tells the next only after the last was acknowledged, so slow readers skip values and never queue them.
 * Callbacks run at the end of the turn, so that what they throw does not harm the connection.
 */
import type { Value } from '../codec/msgpack/index.ts';
import type { Timers } from '../env/index.ts';

/** `value` is undefined while the key has none. */
export type WatchCallback = (value: Value, key: string) => void;

export interface Watcher {
  readonly key: string;
  unwatch(): void;
}

type Subscription = {
  readonly callbacks: Set<WatchCallback>;
  /** null until the server told something. */
  latest: Readonly<{ value: Value }> | null;
};

export class Watchers {
  readonly #timers: Timers;
  readonly #send: (kind: 'watch' | 'unwatch', key: string) => void;
  readonly #subscriptions = new Map<string, Subscription>();

  /** `send` writes the request if there is a connection. */
  constructor(timers: Timers, send: (kind: 'watch' | 'unwatch', key: string) => void) {
    this.#timers = timers;
    this.#send = send;
  }

  get keys(): readonly string[] {
    return [...this.#subscriptions.keys()];
  }

  watch(key: string, callback: WatchCallback): Watcher {
    // Each watcher is its own even if two share one function.
    const own: WatchCallback = (value, changed) => callback(value, changed);
    const existing = this.#subscriptions.get(key);
    if (existing === undefined) {
      this.#subscriptions.set(key, { callbacks: new Set([own]), latest: null });
      this.#send('watch', key);
    } else {
      existing.callbacks.add(own);
      if (existing.latest !== null) this.#notify(key, existing.latest.value, own);
    }
    return { key, unwatch: () => this.#unwatch(key, own) };
  }

  /** After a new session was opened. */
  resubscribe(): void {
    for (const key of this.#subscriptions.keys()) this.#send('watch', key);
  }

  onEvent(key: string, value: Value): void {
    const subscription = this.#subscriptions.get(key);
    if (subscription === undefined) return;
    subscription.latest = { value };
    for (const callback of subscription.callbacks) this.#notify(key, value, callback);
    this.#send('watch', key);
  }

  #notify(key: string, value: Value, callback: WatchCallback): void {
    this.#timers.endOfTurn(() => {
      if (this.#subscriptions.get(key)?.callbacks.has(callback) === true) callback(value, key);
    });
  }

  #unwatch(key: string, callback: WatchCallback): void {
    const subscription = this.#subscriptions.get(key);
    if (subscription?.callbacks.delete(callback) !== true || subscription.callbacks.size > 0) return;
    this.#subscriptions.delete(key);
    this.#send('unwatch', key);
  }
}

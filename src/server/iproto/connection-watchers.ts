/**
 * What a connection watches: it is told the value of a key, and again when it has changed, but only after the client has
 * acknowledged the last by another WATCH; so a slow client costs one event at most.
 */
import type { ByteWriter } from '../../base/index.ts';
import { BODY_KEY, HEADER_KEY, REQUEST_TYPE } from '../../codec/iproto/index.ts';
import { writeMapHeader, writeString, writeUnsigned } from '../../codec/msgpack/index.ts';
import { LIMITS } from '../../config/index.ts';
import type { Box, BroadcastListener } from '../../engine/box/index.ts';

export interface WatcherOwner {
  /** Where events are written. */
  readonly output: ByteWriter;
}

type Watched = {
  syncHigh: number;
  syncLow: number;
  isAcknowledged: boolean;
  isChanged: boolean;
  listener: BroadcastListener;
};

/** What one connection watches. */
export class ConnectionWatchers {
  readonly #box: Box;
  readonly #owner: WatcherOwner;
  readonly #watched = new Map<string, Watched>();

  constructor(box: Box, owner: WatcherOwner) {
    this.#box = box;
    this.#owner = owner;
  }

  /** Begins to watch, or acknowledges the last event. */
  watch(key: string, syncHigh: number, syncLow: number): void {
    const known = this.#watched.get(key);
    if (known !== undefined) {
      known.syncHigh = syncHigh;
      known.syncLow = syncLow;
      known.isAcknowledged = true;
      if (known.isChanged) this.#send(key, known);
      return;
    }
    if (this.#watched.size >= LIMITS.watchersPerConnectionMax) return;
    const listener = (): void => this.#changed(key);
    const watched: Watched = { syncHigh, syncLow, isAcknowledged: true, isChanged: false, listener };
    this.#watched.set(key, watched);
    this.#box.broadcasts.listen(key, listener);
    this.#send(key, watched);
  }

  unwatch(key: string): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    this.#watched.delete(key);
    this.#box.broadcasts.unlisten(key, watched.listener);
  }

  unwatchAll(): void {
    for (const key of [...this.#watched.keys()]) this.unwatch(key);
  }

  #changed(key: string): void {
    const watched = this.#watched.get(key);
    if (watched === undefined) return;
    watched.isChanged = true;
    if (watched.isAcknowledged) this.#send(key, watched);
  }

  /** An event has a header of its own: type and sync only. */
  #send(key: string, watched: Watched): void {
    watched.isAcknowledged = false;
    watched.isChanged = false;
    const value = this.#box.broadcasts.value(key);
    const { output } = this.#owner;
    const start = output.position;
    output.ensure(32);
    output.position += 5;
    writeMapHeader(output, 2);
    output.writeByte(HEADER_KEY.requestType);
    writeUnsigned(output, REQUEST_TYPE.event);
    output.writeByte(HEADER_KEY.sync);
    output.writeByte(0xcf);
    output.ensure(8);
    output.view.setUint32(output.position, watched.syncHigh);
    output.view.setUint32(output.position + 4, watched.syncLow);
    output.position += 8;
    writeMapHeader(output, value === null ? 1 : 2);
    output.writeByte(BODY_KEY.eventKey);
    writeString(output, key);
    if (value !== null) {
      output.writeByte(BODY_KEY.eventData);
      output.writeBytes(value, 0, value.length);
    }
    output.bytes[start] = 0xce;
    output.view.setUint32(start + 1, output.position - start - 5);
  }
}

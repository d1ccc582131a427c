/**
 * Cuts a byte stream into packets at any chunking; both ends of a connection use it.
 *
 * - A packet that lies whole in a chunk is handed on in place; only one that is split is copied, once.
 * - Memory follows the bytes that came, never the length that a peer claims.
 * - After a throw the stream has no known packet border: the decoder takes nothing more.
 */
import { assert, boxError, type BoxError } from '../../base/index.ts';
import { readUnsigned } from '../msgpack/index.ts';
import { PACKET_BYTES_MAX } from './constants.ts';

/** A packet without its length: header and body in `bytes[start, end)`, valid during the call only. */
export type PacketHandler = (bytes: Uint8Array, start: number, end: number) => void;

const HELD_BYTES_MIN = 4096;
/** A buffer of up to this size is kept for the next split packet. */
const HELD_BYTES_KEPT = 65536;
const NO_BYTES = new Uint8Array(0);

export class FrameDecoder {
  readonly #onPacket: PacketHandler;
  readonly #packetBytesMax: number;
  /** The beginning of the packet that the last chunk ended in, its length field included. */
  #held: Uint8Array = NO_BYTES;
  #heldBytes = 0;
  #state: 'open' | 'stopped' | 'failed' = 'open';

  constructor(onPacket: PacketHandler, packetBytesMax: number = PACKET_BYTES_MAX) {
    this.#onPacket = onPacket;
    this.#packetBytesMax = packetBytesMax;
  }

  /** Bytes of an unfinished packet that wait for the rest. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Nothing more is handed on, also of the chunk that is being cut. May be called by the packet handler. */
  stop(): void {
    this.#state = 'stopped';
    this.#drop();
  }

  /** Takes the next bytes. Throws INVALID_MSGPACK for a bad length, after the packets before it were handed on. */
  push(chunk: Uint8Array): void {
    assert(this.#state !== 'failed', 'a frame decoder takes nothing after it failed');
    let position = this.#heldBytes === 0 ? 0 : this.#completeHeld(chunk);
    while (position < chunk.length && this.#state === 'open') {
      const size = this.#packetSize(chunk, position, chunk.length);
      if (size === 0 || position + size > chunk.length) {
        this.#hold(chunk, position, chunk.length, size);
        return;
      }
      const start = position + lengthFieldSize(chunk[position]!);
      position += size;
      this.#onPacket(chunk, start, position);
    }
  }

  /** Adds to the split packet, hands it on if it is whole; returns where in the chunk the next begins. */
  #completeHeld(chunk: Uint8Array): number {
    let position = 0;
    let size = this.#packetSize(this.#held, 0, this.#heldBytes);
    while (size === 0) {
      if (position === chunk.length) return position;
      this.#hold(chunk, position, position + 1, 0);
      position++;
      size = this.#packetSize(this.#held, 0, this.#heldBytes);
    }
    const end = Math.min(chunk.length, position + size - this.#heldBytes);
    this.#hold(chunk, position, end, size);
    if (this.#heldBytes < size) return end;
    const packet = this.#held;
    this.#heldBytes = 0;
    this.#onPacket(packet, lengthFieldSize(packet[0]!), size);
    if (packet.length > HELD_BYTES_KEPT) this.#drop();
    return end;
  }

  #hold(chunk: Uint8Array, start: number, end: number, packetSize: number): void {
    const needed = this.#heldBytes + end - start;
    if (needed > this.#held.length) {
      const doubled = Math.max(HELD_BYTES_MIN, needed, this.#held.length * 2);
      const grown = new Uint8Array(packetSize === 0 ? doubled : Math.max(needed, Math.min(doubled, packetSize)));
      grown.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = grown;
    }
    this.#held.set(chunk.subarray(start, end), this.#heldBytes);
    this.#heldBytes = needed;
  }

  #drop(): void {
    this.#held = NO_BYTES;
    this.#heldBytes = 0;
  }

  /** Bytes of the packet at `position` with its length field; 0 if the field is not whole. */
  #packetSize(bytes: Uint8Array, position: number, end: number): number {
    const fieldSize = lengthFieldSize(bytes[position]!);
    if (fieldSize === 0) throw this.#fail('packet length');
    if (position + fieldSize > end) return 0;
    const length = readUnsigned(bytes, position);
    if (length === 0) throw this.#fail('packet length');
    if (length > this.#packetBytesMax) throw this.#fail(`too big packet size in the header: ${length}`);
    return fieldSize + length;
  }

  #fail(reason: string): BoxError {
    this.#state = 'failed';
    this.#drop();
    return boxError('INVALID_MSGPACK', reason);
  }
}

/** Bytes of the unsigned integer that begins with `first`; 0 if none does. */
function lengthFieldSize(first: number): number {
  if (first < 0x80) return 1;
  return first >= 0xcc && first <= 0xcf ? 1 + (1 << (first - 0xcc)) : 0;
}

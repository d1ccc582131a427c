/**
 * One direction of a simulated connection: the sender's queue, the bytes on the way, and the receiver's buffer.
 *
 * Guarantees: bytes and the end of the direction arrive in order, in chunks cut anywhere; at most `WINDOW_BYTES` are
 * between sender and receiver, so that a receiver that pauses holds the sender up. To find callers that break the
 * contract of Stream, bytes are read from the sender's array as late as allowed, and an array handed to the receiver is
 * overwritten after the call.
 */
import type { SimulatedInternet } from './internet.ts';
import type { SimulatedStream } from './stream.ts';

const WINDOW_BYTES = 64 * 1024;
const SPOILED = 0xee;

type QueuedWrite = { readonly bytes: Uint8Array; takenBytes: number; readonly onWritten: (() => void) | null };

type Parcel = Readonly<{ kind: 'bytes'; bytes: Uint8Array }> | Readonly<{ kind: 'end' }> | Readonly<{ kind: 'reset' }>;

export class Pipe {
  readonly #internet: SimulatedInternet;
  readonly #sender: SimulatedStream;
  #receiver: SimulatedStream | null = null;
  #queue: QueuedWrite[] = [];
  #queuedBytes = 0;
  #isPumping = false;
  #isDrainAwaited = false;
  #isEndQueued = false;
  #isEndSent = false;
  /** On the way, in order, with the times at which they would arrive. */
  readonly #parcels: { readonly atMs: number; readonly parcel: Parcel }[] = [];
  #lastArrivalMs = 0;
  #isArrivalScheduled = false;
  #travellingBytes = 0;
  /** Arrived, not read yet. */
  #arrived: Uint8Array[] = [];
  #arrivedBytes = 0;
  #hasEndArrived = false;
  #isEndDelivered = false;
  #isDeliveryScheduled = false;

  constructor(internet: SimulatedInternet, sender: SimulatedStream) {
    this.#internet = internet;
    this.#sender = sender;
  }

  connectTo(receiver: SimulatedStream): void {
    this.#receiver = receiver;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get isEndSent(): boolean {
    return this.#isEndSent;
  }

  get isEndDelivered(): boolean {
    return this.#isEndDelivered;
  }

  write(bytes: Uint8Array, onWritten: (() => void) | null): number {
    this.#queue.push({ bytes, takenBytes: 0, onWritten });
    this.#queuedBytes += bytes.length;
    // The system takes bytes at once or a little later, as sockets do.
    if (!this.#isPumping && this.#internet.world.random.chance(0.5)) this.#pump();
    else this.#schedulePump();
    if (this.#queuedBytes > 0) this.#isDrainAwaited = true;
    return this.#queuedBytes;
  }

  end(): void {
    this.#isEndQueued = true;
    this.#schedulePump();
  }

  /** Drops what the system has not taken; the callbacks of the writes, in order. */
  abandon(): readonly (() => void)[] {
    const callbacks = this.#queue.flatMap((write) => (write.onWritten === null ? [] : [write.onWritten]));
    this.#queue = [];
    this.#queuedBytes = 0;
    return callbacks;
  }

  /** Sends the end of the connection behind what is on the way. */
  close(isReset: boolean): void {
    if (isReset) this.#send({ kind: 'reset' });
    else if (!this.#isEndSent) this.#send({ kind: 'end' });
    this.#isEndSent = true;
  }

  /** The receiver wants data, or the way is free again. */
  wake(): void {
    this.#scheduleArrival();
    this.#scheduleDelivery();
  }

  #schedulePump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    const delayMs = this.#internet.world.randomDelayMs(0, 0.2);
    this.#sender.thread.schedule(delayMs, `send ${this.#sender.label}`, () => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#sender.isGone) return;
    for (let write = this.#queue[0]; write !== undefined; write = this.#queue[0]) {
      const roomBytes = WINDOW_BYTES - this.#travellingBytes - this.#arrivedBytes;
      const takenBytes = Math.min(roomBytes, write.bytes.length - write.takenBytes);
      if (takenBytes > 0) {
        this.#send({ kind: 'bytes', bytes: write.bytes.slice(write.takenBytes, write.takenBytes + takenBytes) });
        write.takenBytes += takenBytes;
        this.#queuedBytes -= takenBytes;
        this.#travellingBytes += takenBytes;
      }
      if (write.takenBytes < write.bytes.length) return;
      this.#queue.shift();
      this.#sender.completeWrite(write.onWritten);
    }
    if (this.#isDrainAwaited) {
      this.#isDrainAwaited = false;
      this.#sender.drained();
    }
    if (this.#isEndQueued && !this.#isEndSent) {
      this.#isEndSent = true;
      this.#send({ kind: 'end' });
      this.#sender.closeIfDone();
    }
  }

  #send(parcel: Parcel): void {
    const world = this.#internet.world;
    const delayMs = this.#internet.delayMs(this.#sender.host, this.#sender.peerHost);
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, world.nowMs + delayMs);
    this.#parcels.push({ atMs: this.#lastArrivalMs, parcel });
    this.#scheduleArrival();
  }

  #scheduleArrival(): void {
    const next = this.#parcels[0];
    if (next === undefined || this.#isArrivalScheduled) return;
    if (this.#internet.isBlocked(this.#sender.host, this.#sender.peerHost)) return;
    this.#isArrivalScheduled = true;
    this.#internet.world.schedule(next.atMs, `arrive ${this.#sender.label}`, null, () => {
      this.#isArrivalScheduled = false;
      if (this.#internet.isBlocked(this.#sender.host, this.#sender.peerHost)) return;
      this.#parcels.shift();
      this.#arrive(next.parcel);
      this.#scheduleArrival();
    });
  }

  #arrive(parcel: Parcel): void {
    if (parcel.kind === 'bytes') this.#travellingBytes -= parcel.bytes.length;
    const receiver = this.#receiver;
    if (receiver === null || receiver.isGone) {
      // A machine without power does not answer; a system without that connection does, with a reset.
      if (parcel.kind === 'bytes' && (receiver === null || receiver.isHostUp())) this.#sender.receiveResetLater();
      return;
    }
    switch (parcel.kind) {
      case 'bytes':
        this.#arrived.push(parcel.bytes);
        this.#arrivedBytes += parcel.bytes.length;
        break;
      case 'end':
        this.#hasEndArrived = true;
        break;
      case 'reset':
        this.#arrived = [];
        this.#arrivedBytes = 0;
        receiver.breakDown('ECONNRESET');
        return;
    }
    this.#scheduleDelivery();
  }

  #scheduleDelivery(): void {
    const receiver = this.#receiver;
    if (this.#isDeliveryScheduled || receiver === null || !receiver.isReading) return;
    if (this.#arrivedBytes === 0 && (!this.#hasEndArrived || this.#isEndDelivered)) return;
    this.#isDeliveryScheduled = true;
    receiver.thread.schedule(0, `deliver ${receiver.label}`, () => {
      this.#isDeliveryScheduled = false;
      if (receiver.isGone || !receiver.isReading) return;
      if (this.#arrivedBytes > 0) this.#deliverChunk(receiver);
      else this.#deliverEnd(receiver);
      this.#scheduleDelivery();
    });
  }

  #deliverChunk(receiver: SimulatedStream): void {
    const random = this.#internet.world.random;
    const all = Buffer.concat(this.#arrived);
    const length = random.chance(0.6) ? all.length : 1 + random.below(all.length);
    this.#arrived = length < all.length ? [all.subarray(length)] : [];
    this.#arrivedBytes = all.length - length;
    const chunk = new Uint8Array(all.subarray(0, length));
    this.#schedulePump();
    try {
      receiver.deliver(chunk);
    } finally {
      chunk.fill(SPOILED);
    }
  }

  #deliverEnd(receiver: SimulatedStream): void {
    this.#isEndDelivered = true;
    receiver.deliverEnd();
  }
}

/**
 * A block of bytes that C values live in. A pointer that is stored in it keeps its target by the place where it stands,
 * because an address alone could not find it again.
 */
export class Memory {
  bytes: Uint8Array;
  view: DataView;
  /** Stands for the address of the first byte. */
  readonly address: number;
  readonly #pointers = new Map<number, Readonly<{ memory: Memory; offset: number }>>();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.address = nextAddress;
    nextAddress += Math.ceil((bytes.length + 1) / ALIGNMENT) * ALIGNMENT;
  }

  /** Another block in this one's place: a buffer that has grown. */
  replace(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  setPointer(place: number, target: Readonly<{ memory: Memory; offset: number }> | null): void {
    const address = target === null ? 0 : target.memory.address + target.offset;
    this.view.setBigUint64(place, BigInt(address), true);
    if (target === null) this.#pointers.delete(place);
    else this.#pointers.set(place, target);
  }

  /** Null for the null pointer, and for an address that no pointer was stored as. */
  pointer(place: number): Readonly<{ memory: Memory; offset: number }> | null {
    const target = this.#pointers.get(place);
    if (target === undefined) return null;
    const address = BigInt(target.memory.address + target.offset);
    return this.view.getBigUint64(place, true) === address ? target : null;
  }
}

const ALIGNMENT = 16;
/** Addresses only have to differ and to look like some; those of closed states are not used again. */
let nextAddress = 0x7f0000000000;

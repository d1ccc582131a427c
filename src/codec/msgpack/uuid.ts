/** Universally unique identifiers: extension 2, 16 bytes in the order of the text. They order by these bytes. */
import type { ByteWriter } from '../../base/index.ts';
import { writeExtensionHeader } from './numbers.ts';

const UUID_TYPE = 2;
const UUID_BYTES = 16;
const TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export class Uuid {
  /** Lower case, with dashes. */
  readonly text: string;

  /** `text` as `parse` accepts it, in lower case. */
  constructor(text: string) {
    this.text = text;
  }

  /** The uuid of a text in the form 8-4-4-4-12, null for any other. */
  static parse(text: string): Uuid | null {
    return TEXT.test(text) ? new Uuid(text.toLowerCase()) : null;
  }

  static fromBytes(bytes: Uint8Array, start = 0): Uuid {
    let digits = '';
    for (let index = 0; index < UUID_BYTES; index++) digits += bytes[start + index]!.toString(16).padStart(2, '0');
    const groups = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20)];
    return new Uuid([...groups, digits.slice(20)].join('-'));
  }

  toBytes(): Uint8Array {
    const digits = this.text.replaceAll('-', '');
    return Uint8Array.from({ length: UUID_BYTES }, (_, index) => parseInt(digits.slice(index * 2, index * 2 + 2), 16));
  }

  toString(): string {
    return this.text;
  }

  equals(other: Uuid): boolean {
    return this.text === other.text;
  }
}

/** Whether a payload of `length` bytes is a uuid; any 16 bytes are one, whatever variant they name. */
export function isUuidPayload(length: number): boolean {
  return length === UUID_BYTES;
}

/** Appends a uuid as an extension, header and all. */
export function writeUuid(writer: ByteWriter, value: Uuid): void {
  writeExtensionHeader(writer, UUID_TYPE, UUID_BYTES);
  writer.writeBytes(value.toBytes(), 0, UUID_BYTES);
}

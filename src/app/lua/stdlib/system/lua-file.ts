/**
 * Files as Lua's `io` sees them: a position, a buffer for reading, and writes that go through at once, unless the program
 * has asked for a buffer.
 */
import { byteTextOf, bytesOfByteText } from '../../../../base/index.ts';
import type { SystemFile } from '../../../../env/index.ts';
import { waitForPromise } from '../../fibers/fiber.ts';
import { textToNumber } from '../../runtime/types.ts';

const CHUNK_BYTES = 65_536;

/** Where bytes come from and go to; bytes are characters. */
export interface ByteStream {
  /** More bytes behind those that were given before; the empty text at the end. */
  readMore(): Generator<object, string, unknown>;
  write(text: string): void;
  /** Undefined if it has no position. */
  readonly position: number | undefined;
  readonly sizeBytes: number;
  moveTo(position: number): void;
  close(): void;
}

export class DiskStream implements ByteStream {
  readonly #file: SystemFile;
  readonly #appends: boolean;
  position = 0;

  constructor(file: SystemFile, appends: boolean) {
    this.#file = file;
    this.#appends = appends;
  }

  get sizeBytes(): number {
    return this.#file.status().sizeBytes;
  }

  *readMore(): Generator<object, string, unknown> {
    const bytes = new Uint8Array(CHUNK_BYTES);
    const length = this.#file.read(bytes, this.position);
    this.position += length;
    return byteTextOf(bytes, 0, length);
  }

  write(text: string): void {
    const bytes = bytesOfByteText(text);
    this.#file.write(bytes, this.#appends ? null : this.position);
    this.position = this.#appends ? this.sizeBytes : this.position + bytes.length;
  }

  moveTo(position: number): void {
    this.position = position;
  }

  close(): void {
    this.#file.close();
  }
}

/** All that is to be read comes at once; what is written goes somewhere else. */
export class PipeStream implements ByteStream {
  readonly position = undefined;
  readonly sizeBytes = 0;
  readonly #write: (text: string) => void;
  #read: (() => Promise<Uint8Array>) | null;
  readonly #close: () => void;

  constructor(
    read: (() => Promise<Uint8Array>) | null,
    write: (text: string) => void,
    close: () => void = () => undefined,
  ) {
    this.#read = read;
    this.#write = write;
    this.#close = close;
  }

  *readMore(): Generator<object, string, unknown> {
    const read = this.#read;
    if (read === null) return '';
    this.#read = null;
    const bytes = yield* waitForPromise(read());
    return byteTextOf(bytes);
  }

  write(text: string): void {
    this.#write(text);
  }

  moveTo(): void {
    // There is nowhere to go.
  }

  close(): void {
    this.#close();
  }
}

/** `no`: every write goes through; `line`: up to the last end of a line; `full`: when there is much. */
export type WriteBuffering = 'no' | 'line' | 'full';

const WRITE_BUFFER_BYTES = 4096;

export class LuaFile {
  readonly #stream: ByteStream;
  /** Standard streams stay open. */
  readonly isStandard: boolean;
  isClosed = false;
  #buffer = '';
  #at = 0;
  #buffering: WriteBuffering = 'no';
  #bufferBytes = WRITE_BUFFER_BYTES;
  /** Written, and not yet given to the stream. */
  #pending = '';

  constructor(stream: ByteStream, isStandard: boolean) {
    this.#stream = stream;
    this.isStandard = isStandard;
  }

  close(): void {
    this.flush();
    this.isClosed = true;
    this.#stream.close();
  }

  write(text: string): void {
    this.#dropBuffer();
    if (this.#buffering === 'no') return this.#stream.write(text);
    this.#pending += text;
    const hasLine = this.#buffering === 'line' && text.includes('\n');
    if (hasLine || this.#pending.length > this.#bufferBytes) this.flush();
  }

  setBuffering(buffering: WriteBuffering, sizeBytes: number): void {
    this.flush();
    this.#buffering = buffering;
    this.#bufferBytes = sizeBytes > 0 ? sizeBytes : WRITE_BUFFER_BYTES;
  }

  /** Gives the stream what was kept. Throws FileError. */
  flush(): void {
    const text = this.#pending;
    if (text === '') return;
    this.#pending = '';
    this.#stream.write(text);
  }

  /** The next line; null at the end. */
  *readLine(keepsEnd: boolean): Generator<object, string | null, unknown> {
    for (let from = 0; ;) {
      const end = this.#buffer.indexOf('\n', this.#at + from);
      if (end >= 0) {
        const line = this.#buffer.slice(this.#at, keepsEnd ? end + 1 : end);
        this.#at = end + 1;
        return line;
      }
      from = this.#buffer.length - this.#at;
      if (yield* this.#fill()) continue;
      return from === 0 ? null : this.#take(from);
    }
  }

  *readAll(): Generator<object, string, unknown> {
    while (yield* this.#fill());
    return this.#take(this.#buffer.length - this.#at);
  }

  /** So many bytes, or fewer at the end; null behind it. */
  *readCount(count: number): Generator<object, string | null, unknown> {
    while (this.#buffer.length - this.#at < Math.max(count, 1)) if (!(yield* this.#fill())) break;
    const available = this.#buffer.length - this.#at;
    return available === 0 ? null : this.#take(Math.min(count, available));
  }

  /** A number as C's `scanf` reads one; null if there is none, when only the blanks before it have been passed over. */
  *readNumber(): Generator<object, number | null, unknown> {
    for (;;) {
      const blank = /[ \t\n\v\f\r]*/y;
      blank.lastIndex = this.#at;
      blank.test(this.#buffer);
      this.#at = blank.lastIndex;
      const numeral = /[+-]?(?:0[xX][0-9a-fA-F.]*(?:[pP][+-]?[0-9]*)?|[0-9.]+(?:[eE][+-]?[0-9]*)?|inf|nan)?/iy;
      numeral.lastIndex = this.#at;
      const text = numeral.exec(this.#buffer)?.[0] ?? '';
      const isCertain = this.#at + text.length < this.#buffer.length;
      if (!isCertain && (yield* this.#fill())) continue;
      const value = textToNumber(text);
      if (value === undefined) return null;
      this.#at += text.length;
      return value;
    }
  }

  /** The new position; null if there is none that can be moved to. */
  seek(from: 'set' | 'cur' | 'end', offset: number): number | null {
    const stream = this.#stream;
    if (stream.position === undefined) return null;
    this.flush();
    const start = from === 'set' ? 0 : from === 'end' ? stream.sizeBytes : this.#position(stream.position);
    if (start + offset < 0) return null;
    this.#buffer = '';
    this.#at = 0;
    stream.moveTo(start + offset);
    return start + offset;
  }

  #position(streamPosition: number): number {
    return streamPosition - (this.#buffer.length - this.#at);
  }

  #dropBuffer(): void {
    const { position } = this.#stream;
    if (this.#buffer === '' || position === undefined) return;
    this.#stream.moveTo(this.#position(position));
    this.#buffer = '';
    this.#at = 0;
  }

  #take(length: number): string {
    const text = this.#buffer.slice(this.#at, this.#at + length);
    this.#at += length;
    return text;
  }

  /** Reads more behind what is in the buffer; false at the end. */
  *#fill(): Generator<object, boolean, unknown> {
    this.flush();
    const more = yield* this.#stream.readMore();
    if (more === '') return false;
    this.#buffer = this.#buffer.slice(this.#at) + more;
    this.#at = 0;
    return true;
  }
}

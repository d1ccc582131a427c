/**
 * Blocks from a stream of bytes cut anywhere: the steps are the same however the bytes were cut.
 * What stands at the end and is not whole stays buffered, so a file that grows can be followed; `finish` says what it is
 * when nothing more will come.
 */
import { unreachable } from '../../base/index.ts';
import { findBlockMagic, MAGIC_BYTES, parseBlock } from './block.ts';

export type BlockStep =
  /** Whole rows of one block. `rows` is valid until the next call of `push` or `space`. */
  | Readonly<{ kind: 'block'; offset: number; endOffset: number; rows: Uint8Array }>
  /** `neededBytes` counts from `position`. */
  | Readonly<{ kind: 'need-bytes'; neededBytes: number }>
  | Readonly<{ kind: 'end-marker'; offset: number }>
  /** Not after `forceRecovery`: the stream ends here, the next step is the same. */
  | Readonly<{ kind: 'corrupt'; offset: number; reason: string }>
  /** Only with `forceRecovery`: the decoder looks for the next block from here. */
  | Readonly<{ kind: 'damaged'; offset: number; reason: string }>;

export type BlockStreamEnd = Readonly<{
  /** The end marker was there and nothing after it. */
  isClosed: boolean;
  /** Where the last whole thing ended. */
  offset: number;
  /** Bytes after `offset` that make no whole block. */
  tornBytes: number;
}>;

export type BlockDecoderOptions = Readonly<{
  /** Content of a zstd frame; throws if it is damaged or too large. */
  decompress: (frame: Uint8Array) => Uint8Array;
  /** Offset in the file of the first byte pushed. */
  startOffset: number;
  /** Skip what is damaged instead of stopping there. */
  forceRecovery: boolean;
}>;

type State = 'blocks' | 'scanning' | 'ended' | Extract<BlockStep, { kind: 'corrupt' }>;

export class BlockDecoder {
  readonly #options: BlockDecoderOptions;
  #bytes: Uint8Array = new Uint8Array(4096);
  #start = 0;
  #end = 0;
  /** File offset of `#bytes[#start]`. */
  #offset: number;
  #state: State = 'blocks';

  constructor(options: BlockDecoderOptions) {
    this.#options = options;
    this.#offset = options.startOffset;
  }

  /** File offset of the first byte that no step has consumed. */
  get position(): number {
    return this.#offset;
  }

  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  /** Takes a copy of the chunk. */
  push(chunk: Uint8Array): void {
    this.space(chunk.length).set(chunk);
    this.commit(chunk.length);
  }

  /** Room for at least `count` more bytes, to be filled from its beginning and then committed. */
  space(count: number): Uint8Array {
    if (this.#end + count > this.#bytes.length) {
      const kept = this.#bytes.subarray(this.#start, this.#end);
      const needed = kept.length + count;
      // Moving pays only when it frees half of the buffer: else a slow stream would move a large block again and again.
      const target = needed * 2 <= this.#bytes.length ? this.#bytes : new Uint8Array(needed * 2);
      target.set(kept);
      this.#bytes = target;
      this.#end = kept.length;
      this.#start = 0;
    }
    return this.#bytes.subarray(this.#end);
  }

  /** `count` bytes of the space are filled. */
  commit(count: number): void {
    this.#end += count;
  }

  /** Forgets what is buffered; the next byte pushed is the one at `position`. For a file whose tail may be cut back. */
  dropBuffered(): void {
    this.#start = 0;
    this.#end = 0;
  }

  /** The next step; 'need-bytes' when there is nothing more in what was pushed. */
  next(): BlockStep {
    if (typeof this.#state !== 'string') return this.#state;
    switch (this.#state) {
      case 'blocks':
        return this.#nextBlock();
      case 'scanning':
        return this.#scan();
      case 'ended':
        return this.#afterEndMarker();
      default:
        return unreachable(this.#state);
    }
  }

  /** What the stream was, when no more bytes come. Call after `next` has said 'need-bytes'. */
  finish(): BlockStreamEnd {
    return {
      isClosed: this.#state === 'ended' && this.bufferedBytes === 0,
      offset: this.#offset,
      tornBytes: this.bufferedBytes,
    };
  }

  #nextBlock(): BlockStep {
    const parsed = parseBlock(this.#bytes, this.#start, this.#end);
    switch (parsed.kind) {
      case 'incomplete':
        return { kind: 'need-bytes', neededBytes: parsed.neededBytes };
      case 'corrupt':
        return this.#damage(parsed.reason);
      case 'end-marker': {
        const offset = this.#offset;
        this.#consume(MAGIC_BYTES);
        this.#state = 'ended';
        return { kind: 'end-marker', offset };
      }
      case 'block': {
        let rows = this.#bytes.subarray(parsed.dataStart, parsed.dataEnd);
        if (parsed.isCompressed) {
          try {
            rows = this.#options.decompress(rows);
          } catch (error) {
            return this.#damage(`can't decompress block: ${error instanceof Error ? error.message : String(error)}`);
          }
        }
        const offset = this.#offset;
        this.#consume(parsed.dataEnd - this.#start);
        return { kind: 'block', offset, endOffset: this.#offset, rows };
      }
      default:
        return unreachable(parsed);
    }
  }

  /** Inside damage the search goes byte by byte, so that a block that follows a broken one is not lost. */
  #scan(): BlockStep {
    const found = findBlockMagic(this.#bytes, this.#start, this.#end);
    if (found < 0) {
      this.#consume(Math.max(0, this.bufferedBytes - (MAGIC_BYTES - 1)));
      return { kind: 'need-bytes', neededBytes: MAGIC_BYTES };
    }
    this.#consume(found - this.#start);
    this.#state = 'blocks';
    return this.#nextBlock();
  }

  #afterEndMarker(): BlockStep {
    if (this.bufferedBytes === 0) return { kind: 'need-bytes', neededBytes: 1 };
    return this.#damage(`has some data after eof marker at ${this.#offset - MAGIC_BYTES}`, 0);
  }

  #damage(reason: string, skipBytes = 1): BlockStep {
    const offset = this.#offset;
    if (!this.#options.forceRecovery) {
      const step = { kind: 'corrupt', offset, reason } as const;
      this.#state = step;
      return step;
    }
    this.#consume(skipBytes);
    this.#state = 'scanning';
    return { kind: 'damaged', offset, reason };
  }

  #consume(count: number): void {
    this.#start += count;
    this.#offset += count;
  }
}

/**
 * The Compression port over `@cloudpss/zstd`. Its own room-part because both implementations of the ports use it: what
 * it does depends on its input only.
 *
 * The package's one-shot functions keep one zstd context for the whole process, so that two threads that use them at
 * the same time crash it. Only its streaming contexts are used here, which belong to the thread that made them; they
 * are kept between calls (a context is far dearer than a small block). Where no native build fits the machine, the
 * WebAssembly build, of which each thread has its own, takes its place.
 */
import type * as nativeBuild from '@cloudpss/zstd/napi';
import type * as wasmBuild from '@cloudpss/zstd/wasm';
import { assert } from '../../base/index.ts';
import type { Compression } from '../ports.ts';
import { ZstdFrameError, zstdContentBounds, type ZstdContentBounds } from './frames.ts';

type ByteSink = (chunk: Uint8Array) => void;

type NativeContext = Readonly<{ data(bytes: Buffer, sink: ByteSink): void; end(sink: ByteSink): void }>;

/** The thread's own contexts of one kind of build. */
interface Codec {
  compress(bytes: Uint8Array, level: number): Uint8Array;
  /** `bounds` are those of `bytes`. */
  decompress(bytes: Uint8Array, bounds: ZstdContentBounds, maxBytes: number): Uint8Array;
}

/** The zstd codec of this thread. Frames are without a declared content size and checksum, as Tarantool writes them. */
export function createZstdCompression(): Compression {
  return {
    zstdCompress(bytes, level) {
      assert(Number.isInteger(level) && level >= 1 && level <= 22, 'a zstd level is 1 .. 22');
      return codec.compress(bytes, level);
    },
    zstdDecompress(bytes, maxBytes) {
      const bounds = zstdContentBounds(bytes);
      if (bounds.leastBytes > maxBytes) throw new ZstdFrameError('content is too large');
      return codec.decompress(bytes, bounds, maxBytes);
    },
  };
}

class NativeCodec implements Codec {
  readonly #newCompressor: (level: number) => NativeContext;
  readonly #newDecompressor: () => NativeContext;
  readonly #compressors = new Map<number, NativeContext>();
  #decompressor: NativeContext | null = null;

  constructor(newCompressor: (level: number) => NativeContext, newDecompressor: () => NativeContext) {
    this.#newCompressor = newCompressor;
    this.#newDecompressor = newDecompressor;
  }

  compress(bytes: Uint8Array, level: number): Uint8Array {
    const context = this.#compressors.get(level) ?? this.#newCompressor(level);
    // A context that threw is in an unknown state: only one that came through is kept.
    this.#compressors.delete(level);
    const chunks: Uint8Array[] = [];
    const sink: ByteSink = (chunk) => chunks.push(chunk);
    if (bytes.length > 0) context.data(asBuffer(bytes), sink);
    context.end(sink);
    this.#compressors.set(level, context);
    return joined(chunks);
  }

  decompress(bytes: Uint8Array, bounds: ZstdContentBounds, maxBytes: number): Uint8Array {
    const context = this.#decompressor ?? this.#newDecompressor();
    this.#decompressor = null;
    const chunks: Uint8Array[] = [];
    let totalBytes = 0;
    const sink: ByteSink = (chunk) => {
      chunks.push(chunk);
      totalBytes += chunk.length;
    };
    // Content that may exceed the limit is decoded block by block, so that it goes over it by one block at most.
    const cuts = bounds.mostBytes <= maxBytes ? [bytes.length] : bounds.cuts;
    let start = 0;
    for (const cut of cuts) {
      context.data(asBuffer(bytes.subarray(start, cut)), sink);
      if (totalBytes > maxBytes) throw new ZstdFrameError('content is too large');
      start = cut;
    }
    this.#decompressor = context;
    return joined(chunks);
  }
}

class WasmCodec implements Codec {
  readonly #build: typeof wasmBuild;

  constructor(build: typeof wasmBuild) {
    this.#build = build;
  }

  compress(bytes: Uint8Array, level: number): Uint8Array {
    return this.#build.compress(bytes, level);
  }

  decompress(bytes: Uint8Array, _bounds: ZstdContentBounds, maxBytes: number): Uint8Array {
    const content = this.#build.decompress(bytes);
    if (content.length > maxBytes) throw new ZstdFrameError('content is too large');
    return content;
  }
}

/** The native build takes Node's Buffer only. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One plain array: a Buffer's `slice` shares memory where an array's copies. */
function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const only = chunks[0];
  if (only !== undefined && chunks.length === 1) return new Uint8Array(only.buffer, only.byteOffset, only.byteLength);
  let totalBytes = 0;
  for (const chunk of chunks) totalBytes += chunk.length;
  const result = new Uint8Array(totalBytes);
  let position = 0;
  for (const chunk of chunks) {
    result.set(chunk, position);
    position += chunk.length;
  }
  return result;
}

async function loadCodec(): Promise<Codec> {
  let native: typeof nativeBuild;
  try {
    native = await import('@cloudpss/zstd/napi');
  } catch {
    return new WasmCodec(await import('@cloudpss/zstd/wasm'));
  }
  const { Compressor, Decompressor } = native._NapiBindings;
  return new NativeCodec(
    (level) => new Compressor(level),
    () => new Decompressor(),
  );
}

const codec = await loadCodec();

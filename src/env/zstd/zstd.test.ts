import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as wasm from '@cloudpss/zstd/wasm';
import { SeededRandom } from '../../base/index.ts';
import { createZstdCompression, zstdContentBounds } from './index.ts';

const zstd = createZstdCompression();

function mixedBytes(seed: number, length: number): Uint8Array {
  const random = new SeededRandom(seed);
  const bytes = new Uint8Array(length);
  for (let position = 0; position < length;) {
    const run = Math.min(length - position, 1 + random.below(3000));
    const kind = random.below(3);
    for (let index = 0; index < run; index++)
      bytes[position + index] = kind === 0 ? 7 : random.below(kind === 1 ? 4 : 256);
    position += run;
  }
  return bytes;
}

describe('zstd', () => {
  it('gives back what it took, also across builds of the library', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 0, max: 400_000 }),
        fc.integer({ min: 1, max: 6 }),
        (seed, length, level) => {
          const content = mixedBytes(seed, length);
          const packed = zstd.zstdCompress(content, level);
          expect(Buffer.compare(wasm.decompress(packed), content)).toBe(0);
          expect(Buffer.compare(zstd.zstdDecompress(packed, length), content)).toBe(0);
          const other = wasm.compress(content, level);
          expect(Buffer.compare(zstd.zstdDecompress(other, length), content)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes several frames and skippable ones', () => {
    const skippable = Uint8Array.from([0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]);
    const first = zstd.zstdCompress(mixedBytes(1, 5000), 3);
    const packed = Buffer.concat([first, skippable, wasm.compress(mixedBytes(2, 300), 3)]);
    const expected = Buffer.concat([mixedBytes(1, 5000), mixedBytes(2, 300)]);
    expect(Buffer.compare(zstd.zstdDecompress(packed, 5300), expected)).toBe(0);
  });

  it('refuses content over the limit, whether it is declared or not', () => {
    const content = new Uint8Array(3_000_000);
    const undeclared = zstd.zstdCompress(content, 3);
    const declared = wasm.compress(content, 3);
    expect(undeclared.length).toBeLessThan(2000);
    for (const packed of [undeclared, declared]) {
      expect(() => zstd.zstdDecompress(packed, content.length - 1)).toThrow('too large');
      expect(zstd.zstdDecompress(packed, content.length).length).toBe(content.length);
    }
    const random = mixedBytes(3, 700_000);
    expect(() => zstd.zstdDecompress(zstd.zstdCompress(random, 3), 699_999)).toThrow('too large');
  });

  it('refuses every truncation and survives any damage', () => {
    const content = mixedBytes(5, 3000);
    const packed = zstd.zstdCompress(content, 3);
    for (let length = 0; length < packed.length; length++) {
      expect(() => zstd.zstdDecompress(packed.subarray(0, length), 3000)).toThrow();
    }
    const random = new SeededRandom(9);
    for (let round = 0; round < 3000; round++) {
      const damaged = packed.slice();
      const position = random.below(damaged.length);
      damaged[position] = damaged[position]! ^ (1 << random.below(8));
      try {
        expect(zstd.zstdDecompress(damaged, 100_000).length).toBeLessThanOrEqual(100_000);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
    expect(Buffer.compare(zstd.zstdDecompress(packed, 3000), content)).toBe(0);
  });

  it('bounds hold for any content', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 300_000 }), (seed, length) => {
        const bounds = zstdContentBounds(zstd.zstdCompress(mixedBytes(seed, length), 3));
        expect(bounds.leastBytes).toBeLessThanOrEqual(length);
        expect(bounds.mostBytes).toBeGreaterThanOrEqual(length);
      }),
      { numRuns: 40 },
    );
  });
});

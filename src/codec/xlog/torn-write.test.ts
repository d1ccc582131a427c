import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBlock } from './block.ts';
import { isTornWrite } from './torn-write.ts';

/** Bytes without a zero, so that zeros are those of the test. */
const blockOf = (length: number): Uint8Array => encodeBlock(new Uint8Array(length).fill(7), null);

describe('a torn write', () => {
  it('has a sector of zeros, wherever the block begins', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2000 }),
        fc.integer({ min: 600, max: 5000 }),
        fc.nat(),
        (offset, length, choice) => {
          const block = blockOf(length);
          const firstSector = Math.floor(offset / 512);
          const lastSector = Math.floor((offset + block.length - 1) / 512);
          const lost = firstSector + (choice % (lastSector - firstSector + 1));
          block.fill(0, Math.max(0, lost * 512 - offset), Math.min(block.length, (lost + 1) * 512 - offset));
          expect(isTornWrite(block, offset)).toBe(true);
        },
      ),
    );
  });

  it('is no block with a byte that has changed', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.integer({ min: 1, max: 5000 }), fc.nat(), (offset, length, choice) => {
        const block = blockOf(length);
        block[choice % block.length]! ^= 0x55;
        expect(isTornWrite(block, offset)).toBe(false);
      }),
    );
  });

  it('is looked for up to the next block only', () => {
    const damaged = blockOf(100);
    damaged[30]! ^= 0x55;
    const whole = blockOf(2000);
    const zeros = new Uint8Array(2000);
    expect(isTornWrite(new Uint8Array([...damaged, ...whole, ...zeros]), 0)).toBe(false);
    expect(isTornWrite(new Uint8Array([...damaged, ...zeros, ...whole]), 0)).toBe(true);
  });
});

import { compress, decompress } from '@cloudpss/zstd';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../base/index.ts';
import { COMPRESSION_THRESHOLD_BYTES, encodeBlock, END_MARKER } from './block.ts';
import { BlockDecoder, type BlockStep, type BlockStreamEnd } from './block-decoder.ts';

const compressor = { zstdCompress: (bytes: Uint8Array, level: number): Uint8Array => compress(bytes, level) };
const START_OFFSET = 100;

type Outcome = Readonly<{ steps: readonly string[]; end: BlockStreamEnd }>;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const rowsOf = (size: number, seed = size): Uint8Array => {
  const rows = new Uint8Array(size);
  new SeededRandom(seed).fill(rows);
  return rows;
};
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const flip = (bytes: Uint8Array, position: number): Uint8Array => {
  const changed = bytes.slice();
  changed[position] = changed[position]! ^ 0x40;
  return changed;
};

/** One line per step; the rows of a block by their hex. */
function describeStep(step: BlockStep): string {
  switch (step.kind) {
    case 'block':
      return `block ${step.offset}-${step.endOffset} ${hex(step.rows)}`;
    case 'end-marker':
      return `end-marker ${step.offset}`;
    case 'corrupt':
    case 'damaged':
      return `${step.kind} ${step.offset} ${step.reason}`;
    case 'need-bytes':
      return `need ${step.neededBytes}`;
  }
}

function decode(chunks: Iterable<Uint8Array>, forceRecovery: boolean): Outcome {
  const decoder = new BlockDecoder({ decompress, startOffset: START_OFFSET, forceRecovery });
  const steps: string[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (;;) {
      const step = decoder.next();
      if (step.kind === 'need-bytes') {
        // Plainly, because `expect` for every byte takes seconds.
        if (step.neededBytes <= decoder.bufferedBytes) throw new Error('asks for bytes that it has');
        break;
      }
      steps.push(describeStep(step));
      if (step.kind === 'corrupt') {
        expect(describeStep(decoder.next())).toBe(describeStep(step));
        return { steps, end: { isClosed: false, offset: decoder.position, tornBytes: 0 } };
      }
    }
  }
  return { steps, end: decoder.finish() };
}

function* split(bytes: Uint8Array, random: SeededRandom, chunkBytesMax: number): Generator<Uint8Array> {
  for (let position = 0; position < bytes.length;) {
    const size = random.below(chunkBytesMax + 1);
    yield bytes.subarray(position, position + size);
    position += size;
  }
}

/** Decodes whole, byte by byte and at random cuts, and wants the same each time. */
function decodeEveryWay(bytes: Uint8Array, forceRecovery = false): Outcome {
  const whole = decode([bytes], forceRecovery);
  expect(decode(split(bytes, new SeededRandom(0), 1), forceRecovery)).toEqual(whole);
  for (let seed = 1; seed <= 8; seed++) {
    expect(decode(split(bytes, new SeededRandom(seed), 1 << seed), forceRecovery)).toEqual(whole);
  }
  return whole;
}

test('the example of the format description', () => {
  const block = encodeBlock(new Uint8Array(33), null);
  expect(hex(block.subarray(0, 6))).toBe('d5ba0bab2100');
  expect(block.length).toBe(19 + 33);
});

test('rows are compressed from 2029 bytes on, and read back', () => {
  const below = encodeBlock(new Uint8Array(COMPRESSION_THRESHOLD_BYTES - 1), compressor);
  const from = encodeBlock(new Uint8Array(COMPRESSION_THRESHOLD_BYTES), compressor);
  expect(hex(below.subarray(0, 4))).toBe('d5ba0bab');
  expect(hex(from.subarray(0, 4))).toBe('d5ba0bba');
  expect(from.length).toBeLessThan(100);
  const { steps, end } = decodeEveryWay(join(below, from, END_MARKER));
  expect(steps.map((step) => step.length)).toEqual([
    `block 100-${100 + below.length} `.length + 2 * 2028,
    `block ${100 + below.length}-${100 + below.length + from.length} `.length + 2 * 2029,
    `end-marker ${100 + below.length + from.length}`.length,
  ]);
  expect(end).toEqual({ isClosed: true, offset: 100 + below.length + from.length + 4, tornBytes: 0 });
});

test('blocks of any sizes are read back at any cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(6000), { maxLength: 5 }), (sizes) => {
      const rows = sizes.map((size, index) => rowsOf(size, index));
      const stream = join(...rows.map((part) => encodeBlock(part, compressor)), END_MARKER);
      const { steps, end } = decode(split(stream, new SeededRandom(sizes.length), 997), false);
      expect(steps.slice(0, -1).map((step) => step.split(' ')[2])).toEqual(rows.map(hex));
      expect(end.isClosed).toBe(true);
    }),
    { numRuns: 50 },
  );
});

describe('the end of a file', () => {
  const first = encodeBlock(rowsOf(40), null);
  const second = encodeBlock(rowsOf(50), null);
  const firstEnd = START_OFFSET + first.length;

  test('every cut inside the last block is a torn tail', () => {
    for (let length = 0; length < second.length; length++) {
      const { steps, end } = decode([join(first, second.subarray(0, length))], false);
      expect(steps.length).toBe(1);
      expect(end).toEqual({ isClosed: false, offset: firstEnd, tornBytes: length });
    }
  });

  test('a cut end marker is a torn tail', () => {
    expect(decodeEveryWay(join(first, END_MARKER.subarray(0, 3))).end).toEqual({
      isClosed: false,
      offset: firstEnd,
      tornBytes: 3,
    });
  });

  test('zeros are torn while shorter than a block header, then a bad magic', () => {
    expect(decodeEveryWay(join(first, new Uint8Array(18))).end.tornBytes).toBe(18);
    expect(decodeEveryWay(join(first, new Uint8Array(19))).steps[1]).toBe(`corrupt ${firstEnd} invalid magic: 0x0`);
  });

  test('data after the end marker', () => {
    const { steps } = decodeEveryWay(join(first, END_MARKER, Uint8Array.of(1)));
    expect(steps.slice(1)).toEqual([
      `end-marker ${firstEnd}`,
      `corrupt ${firstEnd + 4} has some data after eof marker at ${firstEnd}`,
    ]);
  });

  test('an empty stream is an unclosed file', () => {
    expect(decodeEveryWay(new Uint8Array(0))).toEqual({
      steps: [],
      end: { isClosed: false, offset: START_OFFSET, tornBytes: 0 },
    });
  });

  test('a tail that was dropped can be read again after it was replaced', () => {
    const decoder = new BlockDecoder({ decompress, startOffset: START_OFFSET, forceRecovery: false });
    decoder.push(join(first, second.subarray(0, 30)));
    expect(decoder.next().kind).toBe('block');
    expect(decoder.next().kind).toBe('need-bytes');
    decoder.dropBuffered();
    expect(decoder.position).toBe(firstEnd);
    decoder.push(second);
    expect(describeStep(decoder.next())).toBe(`block ${firstEnd}-${firstEnd + second.length} ${hex(rowsOf(50))}`);
  });
});

describe('damage', () => {
  const blocks = [rowsOf(40), rowsOf(2040), rowsOf(60)].map((rows) => encodeBlock(rows, compressor));
  const [first, second, third] = blocks as [Uint8Array, Uint8Array, Uint8Array];
  const secondStart = START_OFFSET + first.length;
  const thirdStart = secondStart + second.length;

  // Each reason was seen on a real 2.6.0 for the same damage.
  test.each([
    ['magic', 0, 'invalid magic: 0xba0bba95'],
    ['data', 500, 'tx checksum mismatch'],
    ['stored checksum', 11, 'tx checksum mismatch'],
  ])('a changed byte in the %s', (_, position, reason) => {
    const stream = join(first, flip(second, position), third, END_MARKER);
    const { steps } = decodeEveryWay(stream);
    expect(steps.slice(1)).toEqual([`corrupt ${secondStart} ${reason}`]);
    const recovered = decodeEveryWay(stream, true);
    expect(recovered.steps.slice(1)).toEqual([
      `damaged ${secondStart} ${reason}`,
      `block ${thirdStart}-${thirdStart + third.length} ${hex(rowsOf(60))}`,
      `end-marker ${thirdStart + third.length}`,
    ]);
    expect(recovered.end.isClosed).toBe(true);
  });

  test.each([
    [4, 0xa1, 'broken fixheader length'],
    [7, 0xa1, 'broken fixheader crc32p'],
    [8, 0xa0, 'broken fixheader crc32c'],
    [13, 0xa8, 'broken fixheader padding'],
  ])('header byte %i replaced by %i', (position, byte, reason) => {
    const changed = second.slice();
    changed[position] = byte;
    expect(decodeEveryWay(join(first, changed, third)).steps[1]).toBe(`corrupt ${secondStart} ${reason}`);
  });

  test('a zstd frame that is damaged under a right checksum', () => {
    const stored = encodeBlock(rowsOf(100), null);
    stored.set([0xd5, 0xba, 0x0b, 0xba]);
    const { steps } = decodeEveryWay(join(stored, third));
    expect(steps[0]).toMatch(/^corrupt 100 can't decompress block/);
    expect(decodeEveryWay(join(stored, third), true).steps[1]).toMatch(/^block/);
  });

  test('with forced recovery, damage up to the end leaves an unclosed file', () => {
    const { steps, end } = decodeEveryWay(join(first, flip(second, 500)), true);
    expect(steps[1]).toBe(`damaged ${secondStart} tx checksum mismatch`);
    expect(end.isClosed).toBe(false);
  });

  test('any changed byte is noticed: no block is read that was not written', () => {
    const stream = join(first, second, third, END_MARKER);
    const written = new Set(decode([stream], false).steps.map((step) => step.split(' ')[2]));
    for (let position = 0; position < stream.length; position++) {
      for (const forceRecovery of [false, true]) {
        for (const step of decode([flip(stream, position)], forceRecovery).steps) {
          if (step.startsWith('block')) expect(written.has(step.split(' ')[2])).toBe(true);
        }
      }
    }
  });
});

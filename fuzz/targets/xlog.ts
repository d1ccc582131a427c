/** Log files: any chunking gives the same steps, every step goes forward, and rows lead nowhere outside of their block. */
import { ByteWriter, type SeededRandom } from '../../src/base/index.ts';
import {
  BlockDecoder,
  encodeBlock,
  encodeFileHeader,
  END_MARKER,
  parseFileHeader,
  RowReader,
  writeRowHeader,
} from '../../src/codec/xlog/index.ts';
import { createZstdCompression } from '../../src/env/zstd/index.ts';
import { chunksOf, joined, mutated, randomBytes, writeRandomValue } from '../generate.ts';
import { hexOf, require, simpleTarget } from '../target.ts';

const CONTENT_BYTES_MAX = 1 << 20;
const compression = createZstdCompression();

export const XLOG = simpleTarget('xlog', { smokeCases: 2000, longCases: 300_000 }, (random) => {
  const header = encodeFileHeader({
    kind: random.chance(0.5) ? 'XLOG' : 'SNAP',
    softwareVersion: 'fuzz',
    instanceUuid: '11111111-2222-4333-8444-555555555555',
    vclock: [0, random.below(100)],
    previousVclock: random.chance(0.5) ? null : [0, 1],
  });
  parseFileHeader(mutated(header, random, 8));
  const parts = Array.from({ length: random.below(5) }, () => drawPart(random));
  const bytes = mutated(joined(...parts), random, 6);
  const forceRecovery = random.chance(0.5);
  const whole = steps(bytes.length === 0 ? [] : [bytes], forceRecovery);
  const chunked = steps(chunksOf(bytes, random), forceRecovery);
  require(whole.join('\n') === chunked.join('\n'), `chunking matters: ${hexOf(bytes)}`);
});

function drawPart(random: SeededRandom): Uint8Array {
  switch (random.below(8)) {
    case 0:
      return END_MARKER;
    case 1:
      return randomBytes(random, 60);
    case 2:
      return new Uint8Array(random.below(700));
    default: {
      const writer = new ByteWriter(256);
      const rows = 1 + random.below(random.chance(0.1) ? 200 : 6);
      for (let left = rows; left > 0; left--) writeRow(writer, random);
      return encodeBlock(random.chance(0.8) ? writer.toBytes() : mutated(writer.toBytes(), random), compression);
    }
  }
}

function writeRow(writer: ByteWriter, random: SeededRandom): void {
  const lsn = random.below(1_000_000);
  writeRowHeader(writer, {
    type: random.pick([2, 3, 4, 5, 9, 12]),
    replicaId: random.below(32),
    groupId: random.below(2),
    lsn,
    timestampSeconds: 1.5,
    tsn: random.chance(0.5) ? lsn : random.below(1_000_000),
    flags: random.below(8),
  });
  if (random.chance(0.9)) writeRandomValue(writer, random, 2);
}

function steps(chunks: readonly Uint8Array[], forceRecovery: boolean): readonly string[] {
  const decoder = new BlockDecoder({
    startOffset: 0,
    forceRecovery,
    decompress: (frame) => compression.zstdDecompress(frame, CONTENT_BYTES_MAX),
  });
  const seen: string[] = [];
  const take = (): void => {
    for (let position = -1; ;) {
      const step = decoder.next();
      if (step.kind === 'need-bytes') return;
      if (step.kind === 'block') seen.push(`block ${step.offset} ${step.endOffset} ${rowsOf(step.rows)}`);
      else seen.push(JSON.stringify(step));
      if (step.kind === 'corrupt') return;
      require(decoder.position >= position, 'a step went back');
      position = decoder.position;
    }
  };
  for (const chunk of chunks) {
    if (seen.at(-1)?.includes('"corrupt"') === true) break;
    decoder.push(chunk);
    take();
  }
  return seen;
}

const reader = new RowReader();

function rowsOf(rows: Uint8Array): string {
  reader.reset(rows);
  const found: string[] = [];
  for (let left = rows.length + 1; ; left--) {
    require(left > 0, `rows without end: ${hexOf(rows)}`);
    const step = reader.next();
    if (step === 'end') return found.join(' ');
    if (step === 'row') {
      const { bodyStart, bodyEnd } = reader;
      require(bodyStart <= bodyEnd &&
        bodyEnd <= reader.bytes.length, `a body ${bodyStart}..${bodyEnd}: ${hexOf(rows)}`);
      found.push(`${reader.type}/${reader.replicaId}/${reader.lsn}/${reader.tsn}`);
    } else found.push('invalid');
  }
}

/** What lies on the disk of a simulated machine, seen from outside. */
import { BlockDecoder, parseFileHeader } from '../../../src/codec/xlog/index.ts';
import { createZstdCompression } from '../../../src/env/zstd/index.ts';
import type { SimulatedHost } from '../../env/index.ts';

export type FoundFile = Readonly<{ name: string; bytes: Uint8Array }>;

/** The files of a directory, by name. */
export function filesOf(host: SimulatedHost, directory: string): readonly FoundFile[] {
  const node = host.disk.find(directory);
  if (node?.kind !== 'directory') return [];
  return [...node.entries]
    .flatMap(([name, entry]) => {
      if (entry.kind !== 'file') return [];
      const bytes = new Uint8Array(entry.content.sizeBytes);
      entry.content.read(bytes, 0, bytes.length, 0);
      return [{ name, bytes }];
    })
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

export function xlogsOf(host: SimulatedHost, directory: string): readonly FoundFile[] {
  return filesOf(host, directory).filter(({ name }) => name.endsWith('.xlog'));
}

/** How a log file ends: with its marker, behind a whole block, in the midst of one, or with something else. */
export function tailOf(bytes: Uint8Array | null): 'none' | 'closed' | 'whole' | 'torn' | 'damaged' {
  if (bytes === null) return 'none';
  const header = parseFileHeader(bytes);
  if (header.kind !== 'header') return 'damaged';
  const compression = createZstdCompression();
  const decoder = new BlockDecoder({
    startOffset: header.sizeBytes,
    forceRecovery: false,
    decompress: (frame) => compression.zstdDecompress(frame, 1 << 28),
  });
  decoder.push(bytes.subarray(header.sizeBytes));
  for (;;) {
    const step = decoder.next();
    if (step.kind === 'corrupt' || step.kind === 'damaged') return 'damaged';
    if (step.kind !== 'need-bytes') continue;
    const { isClosed, tornBytes } = decoder.finish();
    return isClosed ? 'closed' : tornBytes > 0 ? 'torn' : 'whole';
  }
}

/** Whether any file held more before: something that was written has not survived. */
export function hasLost(before: readonly FoundFile[], after: readonly FoundFile[]): boolean {
  const kept = new Map(after.map(({ name, bytes }) => [name, bytes]));
  return before.some(({ name, bytes }) => {
    const now = kept.get(name);
    return now === undefined || Buffer.compare(now, bytes) !== 0;
  });
}

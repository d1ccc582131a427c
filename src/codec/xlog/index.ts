export {
  appendBlock,
  BLOCK_FLUSH_BYTES,
  BLOCK_HEADER_BYTES,
  type BlockCompressor,
  type BlockParseResult,
  COMPRESSION_LEVEL,
  COMPRESSION_THRESHOLD_BYTES,
  encodeBlock,
  END_MARKER,
  parseBlock,
} from './block.ts';
export { BlockDecoder, type BlockDecoderOptions, type BlockStep, type BlockStreamEnd } from './block-decoder.ts';
export { crc32c } from './crc32c.ts';
export {
  encodeFileHeader,
  FILE_HEADER_BYTES_MAX,
  type FileHeader,
  type FileHeaderResult,
  LOG_FORMAT_VERSION,
  type LogFileKind,
  parseFileHeader,
} from './file-header.ts';
export { GROUP_LOCAL, ROW_FLAG, ROW_TYPE_NOP, type RowHeader, RowReader, type RowStep, writeRowHeader } from './row.ts';
export { isTornWrite } from './torn-write.ts';
export {
  compareVclocks,
  EMPTY_VCLOCK,
  formatVclock,
  parseVclock,
  type Vclock,
  vclockComponent,
  vclockIsCoveredBy,
  type VclockOrder,
  type VclockParseResult,
  vclockSignature,
} from './vclock.ts';

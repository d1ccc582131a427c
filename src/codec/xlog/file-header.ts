/**
 * The text header that opens every log and snapshot file (docs/formats/xlog.md, "File header").
 * Parsing never throws: what is wrong comes back as a reason, in Tarantool's words, and the caller knows the file's name.
 */
import { formatVclock, parseVclock, type Vclock } from './vclock.ts';

/** First line of a header. */
export type LogFileKind = 'XLOG' | 'SNAP';

export const LOG_FORMAT_VERSION = '0.13';
/** Longer headers are refused: the longest real one, with 32 components in both clocks, has about 1.7 KiB. */
export const FILE_HEADER_BYTES_MAX = 65536;

export type FileHeader = Readonly<{
  /** 'XLOG' or 'SNAP'; a parsed header may carry the other words of the format (VYLOG, RUN, INDEX) or a wrong one. */
  kind: string;
  /** Which software wrote the file, without a meaning for readers. */
  softwareVersion: string;
  /** Lower case; null if the header has none. */
  instanceUuid: string | null;
  /** State before the first row. */
  vclock: Vclock;
  /** VClock of the xlog before this one; null if there was none. */
  previousVclock: Vclock | null;
}>;

export type FileHeaderResult =
  | Readonly<{ kind: 'header'; header: FileHeader; sizeBytes: number; unknownKeys: readonly string[] }>
  /** The empty line that ends a header is not there yet. */
  | Readonly<{ kind: 'incomplete' }>
  | Readonly<{ kind: 'invalid'; reason: string }>;

/** The bytes of a header, its empty line included. */
export function encodeFileHeader(header: FileHeader): Uint8Array {
  let text = `${header.kind}\n${LOG_FORMAT_VERSION}\nVersion: ${header.softwareVersion}\n`;
  if (header.instanceUuid !== null) text += `Instance: ${header.instanceUuid}\n`;
  text += `VClock: ${formatVclock(header.vclock)}\n`;
  if (header.previousVclock !== null) text += `PrevVClock: ${formatVclock(header.previousVclock)}\n`;
  text += '\n';
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** Reads the header at the start of `bytes`. Versions 0.12 and 0.13; keys that nobody knows are reported, not refused. */
export function parseFileHeader(bytes: Uint8Array): FileHeaderResult {
  const sizeBytes = headerSize(bytes);
  if (sizeBytes < 0) return { kind: 'incomplete' };
  const [kind = '', version = '', ...lines] = latinText(bytes, sizeBytes - 2).split('\n');
  if (kind.length > KIND_LENGTH_MAX) return invalid('failed to parse xlog type string');
  if (version.length > VERSION_LENGTH_MAX) return invalid('failed to parse xlog version string');
  if (version !== '0.12' && version !== '0.13') return invalid(`unsupported file format version ${version}`);
  const builder = new HeaderBuilder(kind);
  for (const line of lines) {
    const reason = builder.add(line);
    if (reason !== null) return invalid(reason);
  }
  return { kind: 'header', header: builder.build(), sizeBytes, unknownKeys: builder.unknownKeys };
}

const KIND_LENGTH_MAX = 9;
const VERSION_LENGTH_MAX = 9;
const UUID_TEXT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

class HeaderBuilder {
  readonly unknownKeys: string[] = [];
  readonly #kind: string;
  #softwareVersion = '';
  #instanceUuid: string | null = null;
  #vclock: Vclock = [];
  #previousVclock: Vclock | null = null;

  constructor(kind: string) {
    this.#kind = kind;
  }

  /** Takes one `Key: value` line; returns what is wrong with it, or null. */
  add(line: string): string | null {
    const colon = line.indexOf(':');
    if (colon < 0) return "can't extract meta value";
    const key = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^[ \t]+/, '');
    switch (key) {
      case 'Version':
        this.#softwareVersion = value;
        return null;
      case 'Instance':
      case 'Server':
        if (!UUID_TEXT.test(value)) return "can't parse instance UUID";
        this.#instanceUuid = value.toLowerCase();
        return null;
      case 'VClock':
      case 'PrevVClock': {
        const parsed = parseVclock(value);
        if (parsed.kind === 'invalid') return `invalid vclock at offset ${parsed.offset}`;
        if (key === 'VClock') this.#vclock = parsed.vclock;
        else this.#previousVclock = parsed.vclock;
        return null;
      }
      default:
        this.unknownKeys.push(key);
        return null;
    }
  }

  build(): FileHeader {
    return {
      kind: this.#kind,
      softwareVersion: this.#softwareVersion,
      instanceUuid: this.#instanceUuid,
      vclock: this.#vclock,
      previousVclock: this.#previousVclock,
    };
  }
}

function invalid(reason: string): FileHeaderResult {
  return { kind: 'invalid', reason };
}

/** Bytes up to and with the first empty line, or -1. */
function headerSize(bytes: Uint8Array): number {
  let newline = bytes.indexOf(NEWLINE);
  while (newline >= 0 && newline + 1 < bytes.length) {
    if (bytes[newline + 1] === NEWLINE) return newline + 2;
    newline = bytes.indexOf(NEWLINE, newline + 1);
  }
  return -1;
}

const NEWLINE = 0x0a;

function latinText(bytes: Uint8Array, length: number): string {
  let text = '';
  for (let index = 0; index < length; index++) text += String.fromCharCode(bytes[index]!);
  return text;
}

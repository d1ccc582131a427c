/**
 * The log as lines, plain or JSON, to standard error or a file, written through pino and its file writer at once: what
 * was logged before a crash is there.
 *
 * Guarantees: a record is one line, whatever its text holds. A log that cannot be written holds nobody up: up to
 * `HELD_BYTES` wait for the file to become writable again, what is beyond is dropped.
 */
import { pino, type DestinationStream } from 'pino';
import { LOG_LEVELS, type LogLevel, type LogSink } from '../index.ts';
import { withFileErrors } from './file-errors.ts';

export type LogOptions = Readonly<{
  level: LogLevel;
  format: 'plain' | 'json';
  destination: 'stderr' | Readonly<{ file: string }>;
}>;

export type LogPlace = Pick<LogOptions, 'format' | 'destination'>;

export interface NodeLog extends LogSink {
  /** Opens the file by its name again, after a rotation moved it away. */
  reopen(): void;
  /** Records go there from now on. Throws FileError if the file cannot be opened. */
  moveTo(place: LogPlace): void;
}

type Fields = Readonly<Record<string, string | number | boolean>>;

const STANDARD_ERROR = 2;
const HELD_BYTES = 1024 * 1024;

/** As Tarantool marks its levels. */
const MARKS: Readonly<Record<LogLevel, string>> = {
  fatal: 'F',
  system: '!',
  error: 'E',
  crit: 'C',
  warn: 'W',
  info: 'I',
  verbose: 'V',
  debug: 'D',
};

/** Keys of a JSON record that its fields cannot replace. */
const OWN_KEYS: ReadonlySet<string> = new Set(['level', 'time', 'pid', 'module', 'message']);

/** Throws FileError if the file cannot be opened. */
export function createLog(options: LogOptions): NodeLog {
  let { write, reopen } = openWriter(options);
  return {
    level: options.level,
    write(level, module, message, fields) {
      if (LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(this.level)) write(level, module, message, fields);
    },
    reopen: () => reopen(),
    moveTo(place) {
      ({ write, reopen } = openWriter(place));
    },
  };
}

function openWriter({ destination, format }: LogPlace): Readonly<{ write: RecordWriter; reopen: () => void }> {
  const path = destination === 'stderr' ? null : destination.file;
  const writer = withFileErrors('open', path ?? 'stderr', () =>
    pino.destination({ dest: path ?? STANDARD_ERROR, sync: true, maxLength: HELD_BYTES }),
  );
  writer.on('error', () => undefined);
  const reopen = (): void => {
    if (path === null) return;
    try {
      writer.reopen();
    } catch {
      // The old file stays in use: there is no better place to tell of it.
    }
  };
  return { write: format === 'json' ? jsonWriter(writer) : plainWriter(writer), reopen };
}

type RecordWriter = (level: LogLevel, module: string, message: string, fields: Fields | undefined) => void;

function jsonWriter(writer: DestinationStream): RecordWriter {
  const customLevels = Object.fromEntries(
    LOG_LEVELS.map((level, index) => [level, (LOG_LEVELS.length - index) * 10]),
  ) as Record<LogLevel, number>;
  const logger = pino(
    {
      level: 'debug',
      customLevels,
      useOnlyCustomLevels: true,
      base: { pid: process.pid },
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    writer,
  );
  return (level, module, message, fields) => {
    logger[level]({ module, ...renamed(fields) }, message);
  };
}

function renamed(fields: Fields | undefined): Fields {
  const result: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(fields ?? {})) result[OWN_KEYS.has(key) ? `field_${key}` : key] = value;
  return result;
}

function plainWriter(writer: DestinationStream): RecordWriter {
  const pid = process.pid;
  return (level, module, message, fields) => {
    let line = `${localTime(new Date())} [${pid}] ${module} ${MARKS[level]}> ${withoutControls(message)}`;
    for (const [key, value] of Object.entries(fields ?? {})) line += ` ${key}=${plainValue(value)}`;
    writer.write(`${line}\n`);
  };
}

function localTime(time: Date): string {
  const digits = (value: number, length: number): string => String(value).padStart(length, '0');
  const day = `${time.getFullYear()}-${digits(time.getMonth() + 1, 2)}-${digits(time.getDate(), 2)}`;
  const clock = `${digits(time.getHours(), 2)}:${digits(time.getMinutes(), 2)}:${digits(time.getSeconds(), 2)}`;
  return `${day} ${clock}.${digits(time.getMilliseconds(), 3)}`;
}

function plainValue(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  return /^[^\s"=\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
}

function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));
}

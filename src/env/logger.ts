/** A named part's way to the log: checks the level before anything is formatted. */
import { LOG_LEVELS, type LogLevel, type LogSink } from './ports.ts';

type Fields = Readonly<Record<string, string | number | boolean>>;

export class Logger {
  readonly #sink: LogSink;
  readonly #module: string;

  constructor(sink: LogSink, module: string) {
    this.#sink = sink;
    this.#module = module;
  }

  isOn(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(this.#sink.level);
  }

  fatal(message: string, fields?: Fields): void {
    this.#write('fatal', message, fields);
  }
  error(message: string, fields?: Fields): void {
    this.#write('error', message, fields);
  }
  warn(message: string, fields?: Fields): void {
    this.#write('warn', message, fields);
  }
  info(message: string, fields?: Fields): void {
    this.#write('info', message, fields);
  }
  verbose(message: string, fields?: Fields): void {
    this.#write('verbose', message, fields);
  }
  debug(message: string, fields?: Fields): void {
    this.#write('debug', message, fields);
  }

  #write(level: LogLevel, message: string, fields: Fields | undefined): void {
    if (this.isOn(level)) this.#sink.write(level, this.#module, message, fields);
  }
}

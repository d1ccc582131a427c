/**
 * Tells how far recovery has come: on a screen by one line that is written anew, else by a line of the log now and then.
 * A line of the log never lands behind the progress line.
 */
import type { Clock, Logger, LogSink, Terminal } from '../env/index.ts';
import type { Recovered } from './announcement.ts';

const SCREEN_PERIOD_MS = 100;
const LOG_PERIOD_MS = 10_000;
const CLEAR_LINE = '\r\u001b[K';

type Stage = 'snapshot' | 'log';

/** The screen's last line. */
export class ProgressLine {
  readonly #terminal: Terminal;
  #isShown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(text: string): void {
    this.#terminal.writeError(`${CLEAR_LINE}${text}`);
    this.#isShown = true;
  }

  clear(): void {
    if (this.#isShown) this.#terminal.writeError(CLEAR_LINE);
    this.#isShown = false;
  }

  /** The sink, before whose records the line is taken away. */
  guard(sink: LogSink): LogSink {
    return {
      get level() {
        return sink.level;
      },
      set level(level) {
        sink.level = level;
      },
      write: (level, module, message, fields) => {
        this.clear();
        sink.write(level, module, message, fields);
      },
    };
  }
}

export class RecoveryReport {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #line: ProgressLine | null;
  readonly #startMs: number;
  readonly #rows: Record<Stage, number> = { snapshot: 0, log: 0 };
  #lastMs: number;
  #nextMs: number;
  #hasBegun = false;

  /** `line` is null where there is no screen. */
  constructor(clock: Clock, log: Logger, line: ProgressLine | null) {
    this.#clock = clock;
    this.#log = log;
    this.#line = line;
    this.#startMs = clock.monotonicMs();
    this.#lastMs = this.#startMs;
    this.#nextMs = this.#startMs + (line === null ? LOG_PERIOD_MS : SCREEN_PERIOD_MS);
  }

  /** `fraction` is of the snapshot, or of the log, 0 when it is not known. */
  progress(stage: Stage, rows: number, fraction: number): void {
    this.#hasBegun = true;
    this.#rows[stage] = rows;
    const nowMs = this.#clock.monotonicMs();
    this.#lastMs = nowMs;
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + (this.#line === null ? LOG_PERIOD_MS : SCREEN_PERIOD_MS);
    const share = fraction > 0 ? `, ${Math.floor(fraction * 100)} %` : '';
    const text = `recovering the ${stage}: ${rows} rows${share}`;
    if (this.#line === null) this.#log.info(text);
    else this.#line.show(text);
  }

  /** Null if there was nothing to recover. */
  finish(): Recovered | null {
    this.#line?.clear();
    if (!this.#hasBegun) return null;
    const seconds = (this.#lastMs - this.#startMs) / 1000;
    return { snapshotRows: this.#rows.snapshot, logRows: this.#rows.log, seconds };
  }
}

/** The engine's side of the worker that reads old rows: started when the first replica needs it, one for all. */
import { assert, type BoxError, boxError, BoxError as ReadingError } from '../../base/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';
import type { Env, WorkerHandle } from '../../env/index.ts';
import { asReadingReply, type ReadingReply, type ReadingRequest } from './reading-protocol.ts';
import type { RowFilter } from './row-framer.ts';

export type Piece = Readonly<{ packets: Uint8Array; vclock: Vclock; isEnd: boolean }>;

/** Code that servers of 2.6 give to errors which are no requests' own. */
const ER_PROC_LUA = 32;

export class LogFilesReading {
  readonly #env: Env;
  readonly #directory: string;
  readonly #onFailure: (error: Error) => void;
  #worker: WorkerHandle | null = null;
  readonly #waiting = new Map<number, { resolve: (piece: Piece) => void; reject: (error: BoxError) => void }>();
  #nextReading = 1;

  constructor(env: Env, directory: string, onFailure: (error: Error) => void) {
    this.#env = env;
    this.#directory = directory;
    this.#onFailure = onFailure;
  }

  /** Begins to read behind the state. */
  open(vclock: Vclock, filter: RowFilter): FileReading {
    const reading = this.#nextReading++;
    this.#post({ kind: 'open', reading, directory: this.#directory, vclock: [...vclock], filter });
    return new FileReading(
      (limit) =>
        new Promise((resolve, reject) => {
          this.#waiting.set(reading, { resolve, reject });
          this.#post({ kind: 'read', reading, limit: [...limit] });
        }),
      () => {
        this.#waiting.delete(reading);
        this.#post({ kind: 'close', reading });
      },
    );
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.stop();
  }

  #post(request: ReadingRequest): void {
    this.#worker ??= this.#env.workers.start('relay', null, {
      onMessage: (message) => this.#receive(asReadingReply(message)),
      onFailure: this.#onFailure,
    });
    this.#worker.post(request);
  }

  #receive(reply: ReadingReply): void {
    const waiting = this.#waiting.get(reply.reading);
    if (waiting === undefined) return;
    this.#waiting.delete(reply.reading);
    if (reply.kind === 'packets') waiting.resolve(reply);
    else waiting.reject(readingError(reply));
  }
}

/** One replica's way through the files. At most one piece is asked for at a time. */
export class FileReading {
  readonly #read: (limit: Vclock) => Promise<Piece>;
  readonly #close: () => void;
  #isReading = false;

  constructor(read: (limit: Vclock) => Promise<Piece>, close: () => void) {
    this.#read = read;
    this.#close = close;
  }

  /** The next packets, of rows up to `limit`. Rejects with the error that the replica gets: a gap, or damage. */
  async next(limit: Vclock): Promise<Piece> {
    assert(!this.#isReading, 'one piece at a time');
    this.#isReading = true;
    try {
      return await this.#read(limit);
    } finally {
      this.#isReading = false;
    }
  }

  /** What was asked for never comes. */
  close(): void {
    this.#close();
  }
}

function readingError(reply: Extract<ReadingReply, { kind: 'failed' }>): BoxError {
  if (reply.isGap) return new ReadingError(ER_PROC_LUA, reply.message, { type: 'XlogGapError' });
  if (reply.code === 0) return new ReadingError(ER_PROC_LUA, reply.message, { type: 'XlogError' });
  return boxError('SYSTEM', reply.message);
}

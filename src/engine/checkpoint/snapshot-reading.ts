/** The owner's side of the worker that reads a snapshot: chunks of rows, in the order of the file. */
import { assert, CorruptionError, unreachable } from '../../base/index.ts';
import { type Env, FileError, type WorkerHandle, type WorkerMessage } from '../../env/index.ts';
import { asReadingReply, type ReadingParameters, type ReadingReply } from './reading-protocol.ts';

export type SnapshotChunk = Extract<ReadingReply, { kind: 'rows' }>;

export class SnapshotReading {
  readonly #worker: WorkerHandle;
  readonly #onWarning: (text: string) => void;
  readonly #chunks: SnapshotChunk[] = [];
  #hasEnded = false;
  #failure: Error | null = null;
  #onChange: (() => void) | null = null;

  constructor(env: Env, parameters: ReadingParameters, onWarning: (text: string) => void) {
    this.#onWarning = onWarning;
    this.#worker = env.workers.start('recovery', parameters, {
      onMessage: (message) => this.#receive(message),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** The next chunk, null behind the last one. Rejects with CorruptionError or FileError once what came before was given. */
  async next(): Promise<SnapshotChunk | null> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) return chunk;
      if (this.#failure !== null) throw this.#failure;
      if (this.#hasEnded) return null;
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  /** The chunk's rows have been applied; its memory is the worker's again. */
  giveBack({ chunk }: SnapshotChunk): void {
    this.#worker.post(chunk);
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
  }

  #receive(message: WorkerMessage): void {
    const reply = asReadingReply(message);
    switch (reply.kind) {
      case 'rows':
        assert(!this.#hasEnded, 'no rows come behind the end');
        this.#chunks.push(reply);
        break;
      case 'warning':
        this.#onWarning(reply.text);
        return;
      case 'end':
        this.#hasEnded = true;
        break;
      case 'corrupt':
        this.#failure = new CorruptionError(reply.file, reply.offset, reply.reason);
        break;
      case 'failed':
        this.#failure = new FileError(reply.code, reply.errno, reply.path, reply.operation);
        break;
      default:
        unreachable(reply);
    }
    this.#onChange?.();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#onChange?.();
  }
}

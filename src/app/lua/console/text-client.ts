/** The other end of a text console: sends texts with a delimiter, reads documents. Texts are bytes as characters. */
import { byteTextOf, bytesOfByteText } from '../../../base/index.ts';
import type { Address, Network, Stream } from '../../../env/index.ts';
import type { RemoteConsole } from './remote-console.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const GREETING_BYTES = 128;
/** Ends a text that has several lines; nobody types it. */
const DELIMITER = '$EOF$';
const DOCUMENT_END = '\n...\n';
const LUA_END = ';';
const COMPLETABLE = /^[\w.:]+$/;
const WORDS = /[A-Za-z_][\w.:]*\(?/g;
const SET_OUTPUT = /^\\s(?:et)?\s+o(?:utput)?\b/;

/** What a server says of itself: 128 bytes; the first word behind the version is the protocol. */
export type OpenedStream = Readonly<{ stream: Stream; greeting: string; rest: StreamReader }>;

/** Connects and reads the greeting. Rejects with NetworkError, or Error if the peer closes before it has greeted. */
export async function openGreeted(
  network: Network,
  address: Address,
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
): Promise<OpenedStream> {
  const stream = await network.connect(address, connectTimeoutMs);
  const rest = new StreamReader(stream);
  const greeting = await rest.readBytes(GREETING_BYTES);
  return { stream, greeting, rest };
}

export class TextClient implements RemoteConsole {
  readonly #stream: Stream;
  readonly #reader: StreamReader;
  /** What answers end with, as the output is set there. */
  #answerEnd = DOCUMENT_END;

  private constructor({ stream, rest }: OpenedStream) {
    this.#stream = stream;
    this.#reader = rest;
  }

  static async start(opened: OpenedStream): Promise<TextClient> {
    const client = new TextClient(opened);
    client.#send(`require('console').delimiter('${DELIMITER}')\n`);
    await client.#readAnswer([DOCUMENT_END, LUA_END]);
    return client;
  }

  get isOpen(): boolean {
    return !this.#reader.hasEnded;
  }

  evaluate(text: string): Promise<string> {
    this.#send(`${text}${DELIMITER}\n`);
    // The answer to a change of the output has the form that was asked for, or the old one if it is refused.
    return this.#readAnswer(SET_OUTPUT.test(text) ? [DOCUMENT_END, LUA_END] : [this.#answerEnd]);
  }

  /** The words are asked for as one text, in which no output has anything to quote. */
  async complete(word: string): Promise<readonly string[]> {
    if (!COMPLETABLE.test(word)) return [];
    const words = `require('console').completion_handler('${word}', 0, ${word.length})`;
    const answer = await this.evaluate(`table.concat(${words} or {}, ' ', 2)`);
    return answer.replace(DOCUMENT_END, '').match(WORDS) ?? [];
  }

  async #readAnswer(ends: readonly string[]): Promise<string> {
    const answer = await this.#reader.readUntil((input) => ends.some((end) => input.endsWith(end)));
    this.#answerEnd = answer.endsWith(LUA_END) ? LUA_END : DOCUMENT_END;
    return answer;
  }

  close(): void {
    this.#stream.end();
  }

  #send(text: string): void {
    this.#stream.write(bytesOfByteText(text));
  }
}

/** Bytes of a stream as characters, read by one reader at a time. */
export class StreamReader {
  #input = '';
  #hasEnded = false;
  #onChange: (() => void) | null = null;

  constructor(stream: Stream) {
    const ended = (): void => {
      this.#hasEnded = true;
      this.#onChange?.();
    };
    stream.start({
      onData: (chunk) => {
        this.#input += byteTextOf(chunk);
        this.#onChange?.();
      },
      onEnd: ended,
      onDrain: () => undefined,
      onClose: ended,
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  readBytes(count: number): Promise<string> {
    return this.#take(() => (this.#input.length >= count ? count : -1));
  }

  /** All that is there once it is whole. */
  readUntil(isWhole: (input: string) => boolean): Promise<string> {
    return this.#take(() => (isWhole(this.#input) ? this.#input.length : -1));
  }

  async #take(end: () => number): Promise<string> {
    for (;;) {
      const at = end();
      if (at >= 0) {
        const taken = this.#input.slice(0, at);
        this.#input = this.#input.slice(at);
        return taken;
      }
      if (this.#hasEnded) throw new Error('Peer closed');
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }
}

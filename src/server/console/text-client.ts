/** The other end of a text console: sends texts with a delimiter, reads documents. */
import { byteTextOf, bytesOfByteText, fromByteText, toByteText } from '../../base/index.ts';
import type { Address, Network, Stream } from '../../env/index.ts';
import type { RemoteEvaluator } from './remote-language.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const GREETING_BYTES = 128;
/** Ends a text that has several lines; nobody types it. */
const DELIMITER = '$EOF$';
const DOCUMENT_END = '\n...\n';

/** What a server says of itself: 128 bytes; the first word behind the version is the protocol. */
export type OpenedStream = Readonly<{ stream: Stream; greeting: string; rest: StreamReader }>;

/** Connects and reads the greeting. Rejects with NetworkError, or Error if the peer closes before it has greeted. */
export async function openGreeted(network: Network, address: Address): Promise<OpenedStream> {
  const stream = await network.connect(address, CONNECT_TIMEOUT_MS);
  const rest = new StreamReader(stream);
  const greeting = await rest.readBytes(GREETING_BYTES);
  return { stream, greeting, rest };
}

export class TextClient implements RemoteEvaluator {
  readonly #stream: Stream;
  readonly #reader: StreamReader;

  private constructor({ stream, rest }: OpenedStream) {
    this.#stream = stream;
    this.#reader = rest;
  }

  static async start(opened: OpenedStream): Promise<TextClient> {
    const client = new TextClient(opened);
    client.#send(`require('console').delimiter('${DELIMITER}')\n`);
    await client.#reader.readTo(DOCUMENT_END);
    return client;
  }

  async evaluate(text: string): Promise<string> {
    this.#send(`${text}${DELIMITER}\n`);
    return fromByteText(await this.#reader.readTo(DOCUMENT_END));
  }

  close(): void {
    this.#stream.end();
  }

  #send(text: string): void {
    this.#stream.write(bytesOfByteText(toByteText(text)));
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

  readBytes(count: number): Promise<string> {
    return this.#take(() => (this.#input.length >= count ? count : -1));
  }

  /** Up to and with the text. */
  readTo(text: string): Promise<string> {
    return this.#take(() => {
      const at = this.#input.indexOf(text);
      return at < 0 ? -1 : at + text.length;
    });
  }

  async #take(end: () => number): Promise<string> {
    for (;;) {
      const at = end();
      if (at >= 0) {
        const taken = this.#input.slice(0, at);
        this.#input = this.#input.slice(at);
        return taken;
      }
      if (this.#hasEnded) throw new Error('the connection is closed');
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }
}

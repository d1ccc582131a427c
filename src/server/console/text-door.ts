/**
 * The text console on a socket, as Tarantool's `console.listen` and `tarantoolctl` know it: a greeting of 128 bytes, then
 * a text a line (or up to the delimiter), and an answer to each, in order.
 * Guarantees: a connection acts as admin, so the door listens where only the administrator comes in; what waits to be
 * evaluated is bounded, and a peer that does not read its answers is not read from.
 */
import { byteTextOf, bytesOfByteText } from '../../base/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import type { Address, Listener, Network, Stream } from '../../env/index.ts';
import type { LuaInstallation } from '../../app/lua/index.ts';
import { LuaLanguage } from './lua-language.ts';

const GREETING_LINE_BYTES = 63;
/** A text that is longer closes the connection. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024;
/** Answers that wait for the peer before no more of its texts are evaluated. */
const QUEUED_BYTES_MAX = 1024 * 1024;

export type TextDoorHost = Readonly<{
  network: Network;
  /** Null before there is a database. */
  box: () => Box | null;
  lua: () => LuaInstallation;
  /** As the greeting has it. */
  version: string;
}>;

export class TextDoor {
  readonly #host: TextDoorHost;
  readonly #connections = new Set<TextConnection>();
  readonly #listeners = new Set<Listener>();

  constructor(host: TextDoorHost) {
    this.#host = host;
  }

  /** Rejects with NetworkError. */
  async listen(address: Address): Promise<Listener> {
    const listener = await this.#host.network.listen(address, (stream) => this.#accept(stream));
    const close = async (): Promise<void> => {
      if (this.#listeners.delete(known)) await listener.close();
    };
    const known: Listener = { address: listener.address, close };
    this.#listeners.add(known);
    return known;
  }

  async stop(): Promise<void> {
    for (const listener of [...this.#listeners]) await listener.close();
    for (const connection of this.#connections) connection.close();
  }

  #accept(stream: Stream): void {
    const connection = new TextConnection(stream, this.#host, () => this.#connections.delete(connection));
    this.#connections.add(connection);
  }
}

class TextConnection {
  readonly #stream: Stream;
  readonly #box: Box | null;
  readonly #session: Session | null;
  readonly #language: LuaLanguage;
  readonly #onClosed: () => void;
  #input = '';
  #isStarted = false;
  #isBusy = false;
  #isClosed = false;
  #isPaused = false;

  constructor(stream: Stream, host: TextDoorHost, onClosed: () => void) {
    this.#stream = stream;
    this.#onClosed = onClosed;
    this.#box = host.box();
    this.#session = this.#box?.sessions.open('console', stream.peer, this.#box.adminSession.user) ?? null;
    this.#language = new LuaLanguage(host.lua(), () => this.#session);
    stream.write(greeting(host.version));
    stream.start({
      onData: (chunk) => this.#data(chunk),
      onEnd: () => stream.end(),
      onDrain: () => this.#drained(),
      onClose: () => this.#closed(),
    });
    void this.#proceed();
  }

  close(): void {
    this.#stream.end();
  }

  #data(chunk: Uint8Array): void {
    this.#input += byteTextOf(chunk);
    if (this.#input.length > TEXT_BYTES_MAX) this.#stream.destroy();
    else void this.#proceed();
  }

  async #proceed(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      if (!this.#isStarted && !(await this.#start())) return;
      while (!this.#isClosed && !this.#isPaused) {
        const text = this.#nextText();
        if (text === null) break;
        const { text: answer, isQuit } = await this.#language.evaluateBytes(text);
        if (answer !== '') this.#send(answer);
        if (isQuit) {
          this.#stream.end();
          break;
        }
      }
    } finally {
      this.#isBusy = false;
    }
  }

  /** What a program's hook throws ends the connection. */
  async #start(): Promise<boolean> {
    this.#isStarted = true;
    const goesOn = await this.#language.start().catch(() => false);
    if (!goesOn) this.#stream.end();
    return goesOn;
  }

  /** A line without its end, or what stands before the delimiter and a line's end; null if it is not all there. */
  #nextText(): string | null {
    const ending = `${this.#language.delimiter}\n`;
    const end = this.#input.indexOf(ending);
    if (end < 0) return null;
    const text = this.#input.slice(0, end);
    this.#input = this.#input.slice(end + ending.length);
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }

  #send(answer: string): void {
    const queued = this.#stream.write(bytesOfByteText(answer));
    if (queued <= QUEUED_BYTES_MAX || this.#isPaused) return;
    this.#isPaused = true;
    this.#stream.pause();
  }

  #drained(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stream.resume();
    void this.#proceed();
  }

  #closed(): void {
    this.#isClosed = true;
    this.#language.close();
    if (this.#session !== null) this.#box?.sessions.close(this.#session);
    this.#onClosed();
  }
}

function greeting(version: string): Uint8Array {
  const lines = [`Tarantool ${version} (Lua console)`, "type 'help' for interactive help"];
  return bytesOfByteText(lines.map((line) => `${line.padEnd(GREETING_LINE_BYTES)}\n`).join(''));
}

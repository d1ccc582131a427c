/**
 * The HTTP door: pages that are made when they are asked for, by their path. Who reaches the address may read them.
 * Only `GET` and `HEAD` are answered with a page, other methods with 405, other paths with 404.
 */
import { LIMITS } from '../../config/index.ts';
import type { Address, HttpAnswer, HttpQuestion, HttpServer, HttpServerLimits, Listener } from '../../env/index.ts';

export type HttpPage = Readonly<{ contentType: string; render: () => string }>;

const SERVER_LIMITS: HttpServerLimits = {
  connectionsMax: LIMITS.httpConnectionsMax,
  headerBytesMax: LIMITS.httpHeaderBytesMax,
  requestMsMax: LIMITS.httpRequestMsMax,
  idleMsMax: LIMITS.httpIdleMsMax,
};
const PLAIN_TEXT = 'text/plain; charset=utf-8';
const ALLOWED_METHODS: readonly string[] = ['GET', 'HEAD'];
const ALLOW = ['Allow', ALLOWED_METHODS.join(', ')] as const;

export class HttpDoor {
  readonly #server: HttpServer;
  readonly #pages: ReadonlyMap<string, HttpPage>;
  readonly #onFailure: (error: unknown) => void;
  #listener: Listener | null = null;

  /** `pages` by path. `onFailure` is told what a page throws; the client gets a 500. */
  constructor(server: HttpServer, pages: ReadonlyMap<string, HttpPage>, onFailure: (error: unknown) => void) {
    this.#server = server;
    this.#pages = pages;
    this.#onFailure = onFailure;
  }

  /** Where it listens; null while it does not. */
  get address(): Address | null {
    return this.#listener?.address ?? null;
  }

  /** Rejects with NetworkError. Called once. */
  async listen(address: Address): Promise<void> {
    this.#listener = await this.#server.listen(address, SERVER_LIMITS, (question) => this.#answer(question));
  }

  /** Nobody is connected any more when it resolves. */
  async stop(): Promise<void> {
    const listener = this.#listener;
    this.#listener = null;
    await listener?.close();
  }

  #answer({ method, target }: HttpQuestion): HttpAnswer {
    const page = this.#pages.get(pathOf(target));
    if (page === undefined) return plainText(404, 'Not Found');
    if (!ALLOWED_METHODS.includes(method)) return plainText(405, 'Method Not Allowed', [ALLOW]);
    try {
      return { status: 200, headers: [['Content-Type', page.contentType]], body: page.render() };
    } catch (error) {
      this.#onFailure(error);
      return plainText(500, 'Internal Server Error');
    }
  }
}

/** Of a request target in origin or absolute form (RFC 9112, 3.2), without the query. */
function pathOf(target: string): string {
  return target.replace(/^https?:\/\/[^/?]*/i, '').replace(/\?.*$/, '');
}

function plainText(status: number, text: string, headers: HttpAnswer['headers'] = []): HttpAnswer {
  return { status, headers: [['Content-Type', PLAIN_TEXT], ...headers], body: `${text}\n` };
}

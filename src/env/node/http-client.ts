/** Requests over node:http and node:https, each with a connection of its own unless the server keeps it alive. */
import type * as http from 'node:http';
import type * as https from 'node:https';
import { httpModule, httpsModule } from './http-modules.ts';
import { NetworkError, type HttpClient, type HttpRequest, type HttpResponse } from '../index.ts';

const REDIRECTS_MAX = 50;
/** Answers to which a POST is repeated as a GET. */
const TURNS_TO_GET: ReadonlySet<number> = new Set([301, 302, 303]);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function createHttpClient(): HttpClient {
  return {
    async request(request) {
      const signal = AbortSignal.timeout(Math.min(request.timeoutMs, 0x7fffffff));
      let current = request;
      for (let redirects = 0; ; redirects++) {
        const response = await send(current, signal);
        const location = response.headers.find(([name]) => name.toLowerCase() === 'location')?.[1];
        const isOver = !request.followsRedirects || !REDIRECTS.has(response.status) || location === undefined;
        if (isOver) return response;
        if (redirects === REDIRECTS_MAX) throw new NetworkError('ELOOP', `too many redirects from ${request.url}`);
        const turnsToGet = TURNS_TO_GET.has(response.status) && current.method !== 'HEAD';
        current = {
          ...current,
          url: new URL(location, current.url).href,
          ...(turnsToGet ? { method: 'GET', body: null } : {}),
        };
      }
    },
  };
}

function send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const code = signal.aborted ? 'ETIMEDOUT' : (error.code ?? 'EIO');
      reject(new NetworkError(code, error.message));
    };
    let outgoing: http.ClientRequest;
    try {
      outgoing = start(request, signal);
    } catch (error) {
      reject(new NetworkError('EINVAL', error instanceof Error ? error.message : String(error)));
      return;
    }
    outgoing.on('error', fail);
    outgoing.on('connect', (incoming, socket) => {
      socket.destroy();
      resolve(answerOf(incoming, Buffer.alloc(0)));
    });
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', fail);
      incoming.on('end', () => resolve(answerOf(incoming, Buffer.concat(chunks))));
    });
    outgoing.end(request.body ?? undefined);
  });
}

function answerOf(incoming: http.IncomingMessage, body: Uint8Array): HttpResponse {
  return {
    status: incoming.statusCode ?? 0,
    reason: incoming.statusMessage ?? '',
    protocol: `HTTP/${incoming.httpVersion}`,
    headers: pairs(incoming.rawHeaders),
    body,
  };
}

/** Throws for a URL or a header that cannot be. */
function start(request: HttpRequest, signal: AbortSignal): http.ClientRequest {
  const { method, url, headers, body, socketPath, maxHeaderBytes, tls } = request;
  const target = new URL(url);
  const options: https.RequestOptions = {
    method,
    signal,
    // A connection of its own, unless the request asks to keep one.
    ...(headers.some(isKeepAlive) ? {} : { agent: false }),
    maxHeaderSize: maxHeaderBytes,
    rejectUnauthorized: tls.verifiesPeer,
    ...(socketPath === null ? {} : { socketPath }),
    ...(tls.authorities === null ? {} : { ca: Buffer.from(tls.authorities) }),
    ...(tls.certificate === null ? {} : { cert: Buffer.from(tls.certificate) }),
    ...(tls.privateKey === null ? {} : { key: Buffer.from(tls.privateKey) }),
  };
  const outgoing = (target.protocol === 'https:' ? httpsModule() : httpModule()).request(target, options);
  for (const [name, value] of headers) outgoing.setHeader(name, value);
  if (body !== null && !outgoing.hasHeader('content-length')) outgoing.setHeader('Content-Length', body.length);
  return outgoing;
}

function isKeepAlive([name, value]: readonly [string, string]): boolean {
  return name.toLowerCase() === 'connection' && value.toLowerCase() === 'keep-alive';
}

function pairs(raw: readonly string[]): (readonly [string, string])[] {
  const result: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) result.push([raw[at]!, raw[at + 1]!]);
  return result;
}

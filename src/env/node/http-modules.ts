/**
 * node:http and node:https when they are first used. An import of them evaluates all that they export, the client behind
 * `fetch` included, and would cost every start of a process 30 ms.
 */
import type * as http from 'node:http';
import type * as https from 'node:https';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export function httpModule(): typeof http {
  return require('node:http') as typeof http;
}

export function httpsModule(): typeof https {
  return require('node:https') as typeof https;
}

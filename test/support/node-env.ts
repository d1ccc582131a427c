/** The effects of Node for tests; what goes wrong is printed. */
import type { Env } from '../../src/env/index.ts';
import { createNodeEnv } from '../../src/env/node/index.ts';

export function createTestEnv(): Env {
  return createNodeEnv({ log: { level: 'error', format: 'plain', destination: 'stderr' } });
}

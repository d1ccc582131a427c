/** Waiting for the log, for code inside the instance whose own caller must know that a write will stay. */
import type { Box } from '../../engine/box/index.ts';

/**
 * Resolves when everything committed so far is as durable as the instance promises. Rejects with the BoxError of the
 * log if the newest of it was undone.
 */
export function whenDurable({ transactions }: Box): Promise<void> {
  const batch = transactions.newestBatch;
  if (batch === null) return Promise.resolve();
  return new Promise((resolve, reject) => {
    batch.listeners.push({ settled: (error) => (error === null ? resolve() : reject(error)) });
  });
}

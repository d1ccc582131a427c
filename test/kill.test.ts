import { describe, expect, it } from 'vitest';
import { killRounds } from './support/kill-rounds.ts';
import { findPicodata } from './support/picodata-server.ts';

const ROUNDS = 10;

describe.skipIf(findPicodata() === null)('a server that is killed under load', () => {
  it.each(['write', 'fsync'] as const)(
    'has every acknowledged write after its restart, wal_mode %s',
    async (walMode) => {
      const result = await killRounds({ walMode, rounds: ROUNDS, seed: 1 });
      expect(result.acknowledged).toBeGreaterThan(0);
      expect(result.unknown).toBeGreaterThan(0);
    },
  );

  it('is noticed to have lost writes in wal_mode none', async () => {
    await expect(killRounds({ walMode: 'none', rounds: 5, seed: 1 })).rejects.toMatchObject({
      cause: expect.objectContaining({ message: expect.stringContaining('acknowledged was') as string }) as Error,
    });
  });
});

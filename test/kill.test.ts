import { describe, expect, it } from 'vitest';
import { findPicodata } from './support/picodata-server.ts';
import { killRounds } from './support/kill-rounds.ts';

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
});

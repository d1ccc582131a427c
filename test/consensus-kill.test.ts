import { describe, expect, it } from 'vitest';
import { consensusKills } from './support/consensus-kills.ts';
import { findPicodata } from './support/picodata-server.ts';

const KILLS = 20;
const TIMEOUT_MS = 300_000;

describe.skipIf(findPicodata() === null)('three members of which random ones are killed under load', () => {
  it('keep their promises to all clients', { timeout: TIMEOUT_MS }, async () => {
    const result = await consensusKills({ kills: KILLS, seed: 1 });
    expect(result.kills).toBeGreaterThanOrEqual(KILLS);
    expect(Math.min(result.writes, result.swaps, result.reads, result.unknown)).toBeGreaterThan(0);
  });

  it('are noticed to break one, if reads ask nobody', { timeout: TIMEOUT_MS }, async () => {
    await expect(consensusKills({ kills: 4, seed: 1, readsLocally: true })).rejects.toThrow(/not linearizable: key/);
  });
});

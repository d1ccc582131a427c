/**
 * The same requests here and on a real Tarantool, compared byte for byte, and once more as statements of Lua (lua-steps.ts). CONFORMANCE_PEERS=real,real compares two real
 * instances, which shows that the comparison itself is deterministic.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AREAS } from './cases/index.ts';
import { Pair, parsePeers, reasonToSkip } from './compare.ts';

const CASE_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 60_000;
const kinds = parsePeers(process.env['CONFORMANCE_PEERS'] ?? 'real,ours');
const reason = reasonToSkip(kinds);
if (reason !== null) process.stderr.write(`conformance is skipped: ${reason}\n`);

const differing: string[] = [];

const RUNS = [
  { trust: 'open', way: 'plain' },
  { trust: 'closed', way: 'plain' },
  { trust: 'open', way: 'lua' },
  { trust: 'closed', way: 'lua' },
] as const;

for (const { trust, way } of RUNS)
  describe.skipIf(reason !== null)(`${kinds.join(' and ')} answer alike (${trust}, ${way})`, () => {
    let pair: Pair | null = null;
    let steps = 0;
    let luaSteps = 0;
    beforeAll(async () => {
      pair = await Pair.start(kinds, trust, way);
    }, START_TIMEOUT_MS);
    afterAll(async () => {
      await pair?.stop();
      const share = way === 'lua' ? `, ${luaSteps} of them as statements of Lua` : '';
      process.stderr.write(`conformance (${trust}, ${way}): ${steps} steps${share}\n`);
      for (const line of differing.splice(0)) process.stderr.write(`known to differ: ${line}\n`);
    }, START_TIMEOUT_MS);

    for (const area of AREAS.filter((candidate) => candidate.trust === trust))
      describe(area.name, () => {
        test.each(area.cases.map((item) => [item.name, item] as const))(
          '%s',
          async (_, item) => {
            const result = await pair!.run(area, item);
            steps += result.steps;
            luaSteps += result.luaSteps;
            if (result.verdict === 'differs') differing.push(`${area.name}: ${item.name}: ${result.report}`);
            expect(result.report, result.report).toBe(result.verdict === 'differs' ? result.report : '');
          },
          CASE_TIMEOUT_MS,
        );
      });
  });

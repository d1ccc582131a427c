/**
 * The same requests here and on a real Tarantool, compared byte for byte. CONFORMANCE_PEERS=real,real compares two real
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

for (const trust of ['open', 'closed'] as const)
  describe.skipIf(reason !== null)(`${kinds.join(' and ')} answer alike (${trust})`, () => {
    let pair: Pair | null = null;
    beforeAll(async () => {
      pair = await Pair.start(kinds, trust);
    }, START_TIMEOUT_MS);
    afterAll(async () => {
      await pair?.stop();
      for (const line of differing.splice(0)) process.stderr.write(`known to differ: ${line}\n`);
    }, START_TIMEOUT_MS);

    for (const area of AREAS.filter((candidate) => candidate.trust === trust))
      describe(area.name, () => {
        test.each(area.cases.map((item) => [item.name, item] as const))(
          '%s',
          async (_, item) => {
            const result = await pair!.run(area, item);
            if (result.verdict === 'differs') differing.push(`${area.name}: ${item.name}: ${result.report}`);
            expect(result.report, result.report).toBe(result.verdict === 'differs' ? result.report : '');
          },
          CASE_TIMEOUT_MS,
        );
      });
  });

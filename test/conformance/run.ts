/**
 * The comparison from a terminal: `tsx test/conformance/run.ts [--filter TEXT] [--peers real,ours] [--way lua] [--trace]`.
 * `--filter` takes a part of `area: case`; `--trace` prints each step with the first server's reply.
 */
import { parseArgs } from 'node:util';
import { AREAS } from './cases/index.ts';
import { type CaseResult, Pair, parsePeers, reasonToSkip } from './compare.ts';
import type { Area } from './steps.ts';

const { values } = parseArgs({
  options: {
    filter: { type: 'string', default: '' },
    peers: { type: 'string', default: 'real,ours' },
    trace: { type: 'boolean', default: false },
    way: { type: 'string', default: 'plain' },
  },
});
const kinds = parsePeers(values.peers);
const way = values.way === 'lua' ? 'lua' : 'plain';

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function selected(area: Area): Area {
  return { ...area, cases: area.cases.filter((item) => `${area.name}: ${item.name}`.includes(values.filter)) };
}

async function runAreas(trust: 'open' | 'closed', areas: readonly Area[]): Promise<CaseResult[]> {
  if (areas.length === 0) return [];
  const pair = await Pair.start(kinds, trust, way);
  const results: CaseResult[] = [];
  try {
    for (const area of areas)
      for (const item of area.cases) {
        const lines: string[] = [];
        if (values.trace) print(`${area.name}: ${item.name}`);
        const result = await pair.run(area, item, values.trace ? print : (line) => lines.push(line));
        results.push(result);
        if (result.verdict === 'mismatch' || result.verdict === 'unexpected')
          print(`${result.verdict} ${area.name}: ${item.name}\n${result.report}`);
      }
  } finally {
    await pair.stop();
  }
  return results;
}

function summarize(results: readonly CaseResult[]): void {
  for (const area of AREAS) {
    const own = results.filter((result) => result.area === area.name);
    if (own.length === 0) continue;
    const steps = own.reduce((sum, result) => sum + result.steps, 0);
    const count = (verdict: CaseResult['verdict']): number => own.filter((result) => result.verdict === verdict).length;
    const failed = count('mismatch') + count('unexpected');
    print(
      `${area.name}: ${count('same')} same, ${failed} failed, ${count('differs')} known to differ (${steps} steps)`,
    );
  }
  for (const result of results)
    if (result.verdict === 'differs') print(`differs ${result.area}: ${result.name}: ${result.report}`);
  const steps = results.reduce((sum, result) => sum + result.steps, 0);
  const failed = results.filter((result) => result.verdict === 'mismatch' || result.verdict === 'unexpected').length;
  const luaSteps = results.reduce((sum, result) => sum + result.luaSteps, 0);
  const share = way === 'lua' ? `, ${luaSteps} of them in Lua` : '';
  print(`${results.length} cases, ${steps} steps${share}, ${failed} failed`);
  if (failed > 0 || results.length === 0) process.exitCode = 1;
}

const reason = reasonToSkip(kinds);
if (reason !== null) {
  print(`skipped: ${reason}`);
} else {
  const areas = AREAS.map(selected).filter((area) => area.cases.length > 0);
  const results: CaseResult[] = [];
  for (const trust of ['open', 'closed'] as const)
    results.push(
      ...(await runAreas(
        trust,
        areas.filter((area) => area.trust === trust),
      )),
    );
  summarize(results);
}

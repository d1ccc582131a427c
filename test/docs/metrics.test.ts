/** docs/metrics.md has every metric with its type and labels, in order, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/env/node/index.ts';
import { facts } from '../../src/server/metrics/facts-fixture.ts';
import { renderMetrics } from '../../src/server/metrics/index.ts';

function rowOf(family: string): string {
  const [help = '', type = '', sample = ''] = family.split('\n');
  const [, name = '', meaning = ''] = /^# HELP (\S+) (.*)\.$/.exec(help) ?? [];
  const labels = [...sample.matchAll(/(\w+)="/g)].map((match) => `\`${match[1]}\``);
  return `| \`${name}\` | ${type.split(' ').at(-1)} | ${labels.join(', ')} | ${meaning} |`;
}

it('docs/metrics.md lists what is served', () => {
  const text = readFileSync(join(packageRoot(), 'docs', 'metrics.md'), 'utf8');
  const listed = text.split('\n').filter((line) => line.startsWith('| `'));
  const served = renderMetrics(facts()).split(/^(?=# HELP )/m);
  expect(served.length).toBeGreaterThan(0);
  expect(listed).toEqual(served.map(rowOf));
});

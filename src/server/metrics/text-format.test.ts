import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatMetrics, type MetricFamily } from './text-format.ts';

it('is the text of the format: HELP, TYPE, a line a sample', () => {
  const text = formatMetrics([
    {
      name: 'a_total',
      type: 'counter',
      help: 'One \\ two\nthree "four".',
      samples: [
        { labels: {}, value: 3 },
        { labels: { first: 1, second: 'say "a\\b"\nc' }, value: 0.25 },
      ],
    },
    { name: 'nothing', type: 'gauge', help: 'Not there.', samples: [] },
    {
      name: 'b',
      type: 'gauge',
      help: 'Odd numbers.',
      samples: [NaN, Infinity, -Infinity, -0.5, 1e21, 2 ** 53].map((value, n) => ({ labels: { n }, value })),
    },
  ]);
  expect(text).toBe(
    [
      '# HELP a_total One \\\\ two\\nthree "four".',
      '# TYPE a_total counter',
      'a_total 3',
      'a_total{first="1",second="say \\"a\\\\b\\"\\nc"} 0.25',
      '# HELP b Odd numbers.',
      '# TYPE b gauge',
      'b{n="0"} NaN',
      'b{n="1"} +Inf',
      'b{n="2"} -Inf',
      'b{n="3"} -0.5',
      'b{n="4"} 1e+21',
      'b{n="5"} 9007199254740992',
      '',
    ].join('\n'),
  );
});

/** Reads a sample character by character, as the format's description says it. */
function readSample(line: string): Readonly<{ name: string; labels: Record<string, string>; value: string }> {
  const labels: Record<string, string> = {};
  let at = line.search(/[{ ]/);
  const name = line.slice(0, at);
  while (line[at] === '{' || line[at] === ',') {
    const equals = line.indexOf('=', at);
    const label = line.slice(at + 1, equals);
    let value = '';
    for (at = equals + 2; line[at] !== '"'; at++) {
      if (line[at] === '\\') value += line[++at] === 'n' ? '\n' : line[at];
      else value += line[at];
    }
    labels[label] = value;
    at++;
  }
  if (line[at] === '}') at++;
  return { name, labels, value: line.slice(at + 1) };
}

it('whatever stands in labels and help, a line is a sample and a reader gets back what was written', () => {
  const nasty = fc.string({ unit: fc.constantFrom('"', '\\', '\n', 'n', ',', '}', '{', '=', ' ', 'é') });
  const labels = fc.dictionary(fc.stringMatching(/^[a-z_]{1,5}$/), nasty, { noNullPrototype: true });
  const family = fc.record({
    name: fc.stringMatching(/^[a-z_]{1,9}$/),
    type: fc.constantFrom('gauge' as const, 'counter' as const),
    help: nasty,
    samples: fc.array(fc.record({ labels, value: fc.double() }), { minLength: 1 }),
  });
  fc.assert(
    fc.property(family, (written: MetricFamily) => {
      const [help, type, ...lines] = formatMetrics([written]).split('\n');
      expect(help?.startsWith(`# HELP ${written.name} `)).toBe(true);
      expect(type).toBe(`# TYPE ${written.name} ${written.type}`);
      expect(lines.pop()).toBe('');
      expect(lines.map(readSample).map(({ name, labels: read }) => ({ name, labels: read }))).toEqual(
        written.samples.map(({ labels: given }) => ({ name: written.name, labels: given })),
      );
      const numbers = lines.map((line) => Number(readSample(line).value.replace('Inf', 'Infinity')));
      expect(numbers).toEqual(written.samples.map(({ value }) => value + 0));
    }),
  );
});

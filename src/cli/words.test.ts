import { expect, it } from 'vitest';
import { RUN_OPTIONS } from '../config/index.ts';
import { definitionOf, OPTION_NAMES } from './option-values.ts';
import { UsageError } from './usage-error.ts';
import { parseWords, RUN_FLAGS } from './words.ts';

const NODE = 'v20.0.0';

function usageError(words: readonly string[]): string {
  try {
    parseWords(words, NODE);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error(`accepted: ${words.join(' ')}`);
}

it.each(OPTION_NAMES)('--%s is taken with a space and with =', (name) => {
  const flag = `--${RUN_OPTIONS[name].flag}`;
  const expected = { kind: 'run', flags: { [name]: 'value' }, optionFile: null };
  expect(parseWords(['run', flag, 'value'], NODE)).toEqual(expected);
  expect(parseWords(['run', `${flag}=value`], NODE)).toEqual(expected);
});

it('short flags, values that look like flags, and the last of two', () => {
  expect(parseWords(['run', '-l', ':3302'], NODE)).toMatchObject({ flags: { listen: ':3302' } });
  expect(parseWords(['run', '--cluster-cookie', '--x'], NODE)).toMatchObject({ flags: { clusterCookie: '--x' } });
  expect(parseWords(['run', '--listen=a', '--listen=b'], NODE)).toMatchObject({ flags: { listen: 'b' } });
  expect(parseWords(['run', '--cfg', 'x.yaml'], NODE)).toMatchObject({ flags: {}, optionFile: 'x.yaml' });
  expect(parseWords(['run', '--data-dir='], NODE)).toMatchObject({ flags: { dataDir: '' } });
});

it.each([
  [[], "no command was given; 'picodata --help' lists them"],
  [['rnu'], "unknown command 'rnu'; did you mean 'run'?"],
  [['start'], "unknown command 'start'"],
  [['run', '--lisen', ':1'], "unknown flag '--lisen'; did you mean '--listen'?"],
  [['run', '--lisen=:1'], "unknown flag '--lisen'; did you mean '--listen'?"],
  [['run', '--wal'], "unknown flag '--wal'"],
  [['run', '--cluster-cokie=secret'], "unknown flag '--cluster-cokie'; did you mean '--cluster-cookie'?"],
  [['run', '-x'], "unknown flag '-x'"],
  [['run', '--listen'], "flag '--listen' needs a value"],
  [['run', '--data-dir'], "flag '--data-dir' needs a value"],
  [['--listen', ':1'], "flag '--listen' belongs behind 'run'"],
])('%j is wrong usage, in one line', (words, expected) => {
  const message = usageError(words);
  expect(message).toBe(expected);
});

it('a word too many is named as such', () => {
  expect(usageError(['run', 'extra'])).toContain('too many arguments');
});

it('help names every flag, its placeholder and its default', () => {
  const parsed = parseWords(['run', '--help'], NODE);
  const text = parsed.kind === 'text' ? parsed.text.replace(/\s+/g, ' ') : '';
  for (const flag of RUN_FLAGS) expect(text).toContain(`--${flag}`);
  for (const name of OPTION_NAMES) {
    const { placeholder, defaultText } = definitionOf(name);
    expect(text).toContain(`--${RUN_OPTIONS[name].flag} ${placeholder}`);
    if (defaultText !== null) expect(text).toContain(`default: ${defaultText}`);
  }
  expect(parseWords(['run', '-h'], NODE)).toEqual(parsed);
  expect(parseWords(['--help'], NODE)).toMatchObject({ text: expect.stringContaining('run') });
});

it('the version names the product, the Tarantool it is, and Node', () => {
  const expected = /^picodata \d+\.\d+\.\d+ \(as Tarantool 2\.10\.0, on Node v20\.0\.0\)\n$/;
  expect(parseWords(['--version'], NODE)).toEqual({ kind: 'text', text: expect.stringMatching(expected) });
});

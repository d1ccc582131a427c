import { describe, expect, it } from 'vitest';
import { RUN_OPTIONS } from '../config/index.ts';
import { parseOptionFile } from './option-file.ts';
import { OPTION_NAMES } from './option-values.ts';
import { UsageError } from './usage-error.ts';

async function refusal(path: string, text: string): Promise<string> {
  const error: unknown = await parseOptionFile(path, text).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
}

it.each([
  ['o.yaml', 'listen: ":3302"\ncheckpoint_count: 3\ncheckpoint-interval: 1.5\n'],
  ['o.yml', '{listen: ":3302", checkpoint_count: 3, checkpoint-interval: 1.5}'],
  ['o.TOML', 'listen = ":3302"\ncheckpoint_count = 3\ncheckpoint-interval = 1.5\n'],
])('%s is read', async (path, text) => {
  const values = await parseOptionFile(path, text);
  expect(Object.fromEntries([...values].map(([name, value]) => [name, value.text]))).toEqual({
    listen: ':3302',
    checkpointCount: '3',
    checkpointInterval: '1.5',
  });
  expect(values.get('checkpointCount')?.source).toBe(`${path}: key 'checkpoint_count'`);
});

it('every option may be in the file, in both spellings', async () => {
  for (const spell of [(flag: string) => flag, (flag: string) => flag.replaceAll('-', '_')]) {
    const text = OPTION_NAMES.map((name) => `${spell(RUN_OPTIONS[name].flag)}: text`).join('\n');
    expect([...(await parseOptionFile('o.yaml', text)).keys()]).toEqual(OPTION_NAMES);
  }
});

it('an empty file gives nothing', async () => {
  expect((await parseOptionFile('o.yaml', '')).size).toBe(0);
  expect((await parseOptionFile('o.toml', '')).size).toBe(0);
});

describe('what is wrong is named with the file', () => {
  it.each([
    ['o.yaml', 'lisen: ":1"', "o.yaml: unknown key 'lisen'; did you mean 'listen'?"],
    ['o.yaml', 'data_dr: x', "o.yaml: unknown key 'data_dr'; did you mean 'data_dir'?"],
    ['o.yaml', 'data-dr: x', "o.yaml: unknown key 'data-dr'; did you mean 'data-dir'?"],
    ['o.toml', 'colour = "red"', "o.toml: unknown key 'colour'"],
    ['o.yaml', 'cfg: other.yaml', "o.yaml: unknown key 'cfg'"],
    ['o.yaml', 'listen: [a, b]', "o.yaml: key 'listen': the value must be a text or a number"],
    ['o.yaml', 'listen:', "o.yaml: key 'listen': the value must be a text or a number"],
    ['o.yaml', 'data_dir: a\ndata-dir: b', "o.yaml: key 'data-dir': the option is in the file twice"],
    ['o.yaml', '- listen', "o.yaml: the file must hold keys and values, such as 'listen: localhost:3301'"],
    ['o.yaml', 'just a text', "o.yaml: the file must hold keys and values, such as 'listen: localhost:3301'"],
    ['o.json', '{}', 'o.json: the name of the file must end in .yaml, .yml or .toml'],
  ])('%s %j', async (path, text, expected) => {
    expect(await refusal(path, text)).toBe(expected);
  });

  it.each([
    ['o.yaml', 'listen: "a'],
    ['o.yaml', 'listen: a\nlisten: b'],
    ['o.toml', 'listen = '],
    ['o.toml', 'listen = "a"\nlisten = "b"'],
  ])('the syntax of %s %j, in one line', async (path, text) => {
    expect(await refusal(path, text)).toMatch(new RegExp(`^${path}: .+$`));
  });
});

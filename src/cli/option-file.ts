/**
 * The file of `--cfg`: YAML (.yaml, .yml) or TOML (.toml), a flat table of option names with `-` or `_` and their values
 * as a user would write them behind the flag. What the file has beyond that is an error that names the key.
 */
import { RUN_OPTIONS, type RunOptionName } from '../config/index.ts';
import { type OptionValue, type OptionValues, OPTION_NAMES } from './option-values.ts';
import { suggestion } from './suggestion.ts';
import { UsageError } from './usage-error.ts';

/** Reads the file's text. Rejects with UsageError for a wrong name, syntax, key or kind of value. */
export async function parseOptionFile(path: string, text: string): Promise<OptionValues> {
  return valuesOfDocument(path, await parseDocument(path, text));
}

/** The parsers are loaded only where a file is given: they would double the time of a start. */
async function parseDocument(path: string, text: string): Promise<unknown> {
  try {
    if (/\.ya?ml$/i.test(path)) {
      const { parse } = await import('yaml');
      const document: unknown = parse(text, { prettyErrors: true });
      return document;
    }
    if (/\.toml$/i.test(path)) {
      const { parse } = await import('smol-toml');
      return parse(text);
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${path}: ${message.split('\n')[0]!.replace(/:$/, '')}`);
  }
  throw new UsageError(`${path}: the name of the file must end in .yaml, .yml or .toml`);
}

/** What a parsed file gives. Throws UsageError. */
export function valuesOfDocument(path: string, document: unknown): OptionValues {
  const values = new Map<RunOptionName, OptionValue>();
  if (document === null || document === undefined) return values;
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new UsageError(`${path}: the file must hold keys and values, such as 'listen: localhost:3301'`);
  }
  for (const [key, value] of Object.entries(document)) {
    const source = `${path}: key '${key}'`;
    const name = optionOfKey(key);
    if (name === null) throw new UsageError(`${path}: unknown key '${key}'${suggestion(key, knownKeys(key))}`);
    if (values.has(name)) throw new UsageError(`${source}: the option is in the file twice`);
    values.set(name, { text: textOf(value, source), source });
  }
  return values;
}

function optionOfKey(key: string): RunOptionName | null {
  const flag = key.replaceAll('_', '-');
  return OPTION_NAMES.find((name) => RUN_OPTIONS[name].flag === flag) ?? null;
}

/** In the spelling of the key that is wrong. */
function knownKeys(key: string): readonly string[] {
  const flags = OPTION_NAMES.map((name): string => RUN_OPTIONS[name].flag);
  return key.includes('-') ? flags : flags.map((flag) => flag.replaceAll('-', '_'));
}

function textOf(value: unknown, source: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  throw new UsageError(`${source}: the value must be a text or a number`);
}

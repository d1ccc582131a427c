/**
 * The texts that a user gave for the options of `picodata run`, from the file, the environment and the flags, each with
 * the place that gave it. The later of these places wins; a value that lost is not looked at any further.
 */
import { environmentName, RUN_OPTIONS, type OptionDefinition, type RunOptionName } from '../config/index.ts';
import { UsageError } from './usage-error.ts';

export type OptionValue = Readonly<{
  text: string;
  /** As errors name it: `--listen`, `PICODATA_LISTEN`, or the file and its key. */
  source: string;
}>;

/** Absent: the option has its default. */
export type OptionValues = ReadonlyMap<RunOptionName, OptionValue>;

export const OPTION_NAMES = Object.keys(RUN_OPTIONS) as readonly RunOptionName[];

export function definitionOf(name: RunOptionName): OptionDefinition {
  return RUN_OPTIONS[name];
}

/** From flags, by option. */
export function valuesOfFlags(texts: Readonly<Partial<Record<RunOptionName, string>>>): OptionValues {
  const values = new Map<RunOptionName, OptionValue>();
  for (const name of OPTION_NAMES) {
    const text = texts[name];
    if (text !== undefined) values.set(name, { text, source: `--${RUN_OPTIONS[name].flag}` });
  }
  return values;
}

/** From `PICODATA_<FLAG>`. */
export function valuesOfEnvironment(environment: Readonly<Record<string, string | undefined>>): OptionValues {
  const values = new Map<RunOptionName, OptionValue>();
  for (const name of OPTION_NAMES) {
    const source = environmentName(RUN_OPTIONS[name]);
    const text = environment[source];
    if (text !== undefined) values.set(name, { text, source });
  }
  return values;
}

/**
 * One set of values. Throws UsageError for a value that is empty: a variable that was meant to hold the cookie and is
 * empty must not open the instance to everybody.
 */
export function mergeValues(file: OptionValues, environment: OptionValues, flags: OptionValues): OptionValues {
  const merged = new Map([...file, ...environment, ...flags]);
  for (const { text, source } of merged.values()) {
    if (text === '') throw new UsageError(`${source}: the value is empty`);
  }
  return merged;
}

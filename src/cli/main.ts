/**
 * The command `picodata`. Exit codes: 0 done, 1 failed, 2 wrong usage; what went wrong is one line on standard error.
 */
import type { CommandLine } from '../env/index.ts';
import { createCommandLine, createFiles } from '../env/node/index.ts';
import { parseOptionFile } from './option-file.ts';
import { mergeValues, type OptionValues, valuesOfEnvironment, valuesOfFlags } from './option-values.ts';
import { runConnect } from './connect.ts';
import { runInstance } from './run.ts';
import { runSettings } from './run-settings.ts';
import { readText } from './text-file.ts';
import { runTarantool } from './tarantool.ts';
import { UsageError } from './usage-error.ts';
import { parseWords } from './words.ts';

const OPTION_FILE_VARIABLE = 'PICODATA_CFG';
const OPTION_FILE_BYTES_MAX = 1024 * 1024;

async function main(commandLine: CommandLine): Promise<void> {
  const { environment, terminal } = commandLine;
  const parsed = parseWords(commandLine.words, commandLine.nodeVersion);
  if (parsed.kind === 'text') {
    terminal.writeOutput(parsed.text);
    return;
  }
  if (parsed.kind === 'tarantool') {
    await runTarantool(commandLine, parsed.words);
    return;
  }
  if (parsed.kind === 'connect') {
    await runConnect(commandLine, parsed.words);
    return;
  }
  const fileValues = await readOptionFile(parsed.optionFile, environment[OPTION_FILE_VARIABLE]);
  const values = mergeValues(fileValues, valuesOfEnvironment(environment), valuesOfFlags(parsed.flags));
  await runInstance(commandLine, runSettings(values));
}

async function readOptionFile(flag: string | null, variable: string | undefined): Promise<OptionValues> {
  const path = flag ?? variable;
  if (path === undefined) return new Map();
  const source = flag === null ? OPTION_FILE_VARIABLE : '--cfg';
  if (path === '') throw new UsageError(`${source}: the value is empty`);
  let text: string;
  try {
    text = readText(createFiles(), path, OPTION_FILE_BYTES_MAX);
  } catch (error) {
    throw new UsageError(`${source}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseOptionFile(path, text);
}

const commandLine = createCommandLine();
try {
  await main(commandLine);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  commandLine.terminal.writeError(`picodata: ${message}\n`);
  commandLine.exit(error instanceof UsageError ? 2 : 1);
}

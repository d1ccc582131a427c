/**
 * Files of data-driven cases: a command with its arguments and input, a line `----`, and what comes of it up to an empty
 * line. Lines that begin with `#` are comments.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `key`, `key=value` or `key=(value, value)`. */
export type Argument = Readonly<{ key: string; values: readonly string[] }>;

export type Step = Readonly<{
  /** Where the command stands, from 1. */
  line: number;
  command: string;
  args: readonly Argument[];
  input: string;
  expected: readonly string[];
}>;

export type CaseFile = Readonly<{ name: string; steps: readonly Step[] }>;

const ARGUMENT = /([^\s=]+)=\(([^)]*)\)|([^\s=]+)=(\S+)|(\S+)/g;

/** All files of a folder. */
export function readCases(folder: string): readonly CaseFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => ({ name: name.slice(0, -'.txt'.length), steps: parse(readFileSync(join(folder, name), 'utf8')) }));
}

export function flag(args: readonly Argument[], key: string): boolean {
  return values(args, key)[0] === 'true';
}

export function values(args: readonly Argument[], key: string): readonly string[] {
  return args.filter((argument) => argument.key === key).flatMap((argument) => argument.values);
}

export function numbers(args: readonly Argument[], key: string): readonly number[] {
  return values(args, key).map(Number);
}

/** Arguments that are a number alone. */
export function plainNumbers(args: readonly Argument[]): readonly number[] {
  return args.filter((argument) => argument.values.length === 0).map(({ key }) => Number(key));
}

function parse(text: string): readonly Step[] {
  const lines = text.split('\n');
  const steps: Step[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    if (line.trim() === '' || line.startsWith('#')) {
      at++;
      continue;
    }
    const start = at;
    const separator = lines.indexOf('----', start);
    if (separator < 0) throw new Error(`line ${start + 1}: a command without result`);
    const end = lines.indexOf('', separator);
    const [command, ...args] = argumentsOf(line);
    steps.push({
      line: start + 1,
      command: command!.key,
      args,
      input: lines.slice(start + 1, separator).join('\n'),
      expected: lines.slice(separator + 1, end < 0 ? lines.length : end),
    });
    at = end < 0 ? lines.length : end;
  }
  return steps;
}

function argumentsOf(line: string): Argument[] {
  return [...line.matchAll(ARGUMENT)].map(([, listKey, list, key, value, plain]) => {
    if (listKey !== undefined) return { key: listKey, values: (list ?? '').split(',').map((each) => each.trim()) };
    return key === undefined ? { key: plain!, values: [] } : { key, values: [value!] };
  });
}

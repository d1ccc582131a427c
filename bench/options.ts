/** The options of `npm run bench`. */
import { parseArgs } from 'node:util';

export type BenchOptions = Readonly<{
  /** Only lines whose name contains one of these; empty: all. */
  only: readonly string[];
  pairs: number;
  rows: number;
  /** Seconds of each measured window. */
  seconds: number;
  /** The Node that runs our server. */
  node: string;
  peerOnly: boolean;
  /** Write docs/benchmarks.md, or a file of its own for a run of some lines. */
  write: boolean;
}>;

export const USAGE =
  'usage: npm run bench -- [--only NAME]... [--pairs N] [--rows N] [--seconds N] [--node PATH] [--peer-only] [--write]';

const MAX_ROWS = 10_000_000;
const MAX_PAIRS = 100;
const MAX_SECONDS = 60;

function count(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > max) {
    throw new Error(`--${name} must be a whole number from 1 to ${max}, not ${text}`);
  }
  return value;
}

/** Throws with a message for the user on wrong usage. */
export function parseOptions(words: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      pairs: { type: 'string', default: '5' },
      rows: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: '2' },
      node: { type: 'string', default: process.execPath },
      'peer-only': { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  return {
    only: values.only,
    pairs: count('pairs', values.pairs, MAX_PAIRS),
    rows: count('rows', values.rows, MAX_ROWS),
    seconds: count('seconds', values.seconds, MAX_SECONDS),
    node: values.node,
    peerOnly: values['peer-only'],
    write: values.write,
  };
}

/** Medians, spreads and the comparison of two sides that were measured in turn. */
import type { Goal } from './lines.ts';

export type Comparison = Readonly<{
  peer: number;
  ours: number;
  /** Median of the ratios ours / peer of the pairs. */
  ratio: number;
  lowest: number;
  highest: number;
}>;

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Compares runs pair by pair: neighbours in time had the same machine. */
export function compare(peer: readonly number[], ours: readonly number[]): Comparison {
  const ratios = ours.map((value, index) => value / (peer[index] ?? Number.NaN));
  return {
    peer: median(peer),
    ours: median(ours),
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
  };
}

/** `PASS`, `short`, or nothing where there is no goal. */
export function judge({ ratio, ours }: Pick<Comparison, 'ratio' | 'ours'>, goal: Goal | null): 'PASS' | 'short' | '' {
  if (goal === null) return '';
  return isReached(ratio, ours, goal) ? 'PASS' : 'short';
}

function isReached(ratio: number, ours: number, goal: Goal): boolean {
  if ('atLeast' in goal) return ratio >= goal.atLeast;
  return 'atMost' in goal ? ratio <= goal.atMost : ours < goal.oursBelow;
}

export function goalInWords(goal: Goal | null): string {
  if (goal === null) return '-';
  if ('atLeast' in goal) return `>= ${goal.atLeast}`;
  return 'atMost' in goal ? `<= ${goal.atMost}` : `ours < ${goal.oursBelow}`;
}

/** Measures the lines about consensus pair by pair: a group of the one side, then one of the other. */
import type { FigureRuns } from '../report.ts';
import type { LoadRunner } from '../runner.ts';
import type { Side } from '../servers.ts';
import type { GroupKind } from './group.ts';
import { CONSENSUS_MEASUREMENTS, type ConsensusLine, type ConsensusMeasurement } from './measurements.ts';

type Collected = Record<Side, number[]> & { notes: Record<Side, string> };

export type ConsensusOptions = Readonly<{ pairs: number; seconds: number; wants: (name: string) => boolean }>;

/** The figures of every line that is wanted. */
export async function measureConsensus(
  options: ConsensusOptions,
  runner: LoadRunner,
  kinds: readonly GroupKind[],
  progress: (text: string) => void,
): Promise<FigureRuns[]> {
  const runs: FigureRuns[] = [];
  for (const measurement of CONSENSUS_MEASUREMENTS) {
    const lines = measurement.lines.filter(({ name }) => options.wants(name));
    if (lines.length > 0) runs.push(...(await measurePairs(measurement, lines, options, runner, kinds, progress)));
  }
  return runs;
}

async function measurePairs(
  measurement: ConsensusMeasurement,
  lines: readonly ConsensusLine[],
  { pairs, seconds }: ConsensusOptions,
  runner: LoadRunner,
  kinds: readonly GroupKind[],
  progress: (text: string) => void,
): Promise<FigureRuns[]> {
  const wanted = new Set(lines.map(({ name }) => name));
  const collected = new Map<string, Collected>();
  for (const { name } of lines) collected.set(name, { peer: [], ours: [], notes: { peer: '', ours: '' } });
  for (let pair = 0; pair < pairs; pair++) {
    for (const kind of kinds) {
      for (const [name, { values, note }] of await measurement.measure(kind, runner, seconds, wanted)) {
        const line = collected.get(name);
        if (line === undefined) continue;
        line[kind.side].push(...values);
        line.notes[kind.side] = note;
        progress(`${name}, ${kind.title}: ${values.map((value) => value.toFixed(2)).join(' ')} ${note}`);
      }
    }
  }
  return lines.map((line) => summary(line, collected.get(line.name), kinds));
}

function summary(
  { name, unit, goal, compares }: ConsensusLine,
  collected: Collected | undefined,
  kinds: readonly GroupKind[],
): FigureRuns {
  const notes = kinds.map(({ side }) => collected?.notes[side] ?? '').filter((note) => note !== '');
  const values = (side: Side): readonly number[] => {
    const runs = collected?.[side] ?? [];
    return compares === 'runs' || runs.length === 0 ? runs : [Math.max(...runs)];
  };
  return { name, unit, goal, note: notes.join(' : '), peer: values('peer'), ours: values('ours') };
}

/** The tables of a run, as Markdown that also reads well on a terminal. */
import type { Goal, LoadLine } from './lines.ts';
import type { LoadResult } from './load-client.ts';
import type { Side } from './servers.ts';
import { compare, goalInWords, judge, median } from './statistics.ts';

export type LoadRuns = Readonly<{ line: LoadLine } & Record<Side, readonly LoadResult[]>>;
export type FigureRuns = Readonly<
  { name: string; unit: string; note: string; goal: Goal | null } & Record<Side, readonly number[]>
>;

const rate = ({ operations, seconds }: LoadResult): number => operations / seconds;
const percent = (share: number): string => `${Math.round(share * 100)}%`;
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

function spread(values: readonly number[]): string {
  return `${whole(Math.min(...values))}..${whole(Math.max(...values))}`;
}

function shares(runs: readonly LoadResult[]): string {
  const { threads } = runs[runs.length >> 1] ?? { threads: [] };
  return threads.map(({ name, share }) => `${name} ${percent(share)}`).join(', ');
}

function latency(runs: readonly LoadResult[]): string {
  if (runs.some(({ p50 }) => p50 === null)) return '-';
  return `${whole(median(runs.map(({ p50 }) => p50 ?? 0)))} / ${whole(median(runs.map(({ p99 }) => p99 ?? 0)))}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)));
  const text = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [text(head), rule, ...rows.map(text)].join('\n');
}

/** Throughput of one side alone: absolute figures, which only show where the time goes. */
export function absoluteTable(runs: readonly LoadRuns[], side: Side): string {
  const rows = runs.map((entry) => {
    const own = entry[side];
    const rates = own.map(rate);
    return [
      entry.line.name,
      whole(median(rates)),
      spread(rates),
      latency(own),
      percent(median(own.map(({ clientShare }) => clientShare))),
      percent(median(own.map(({ serverShare }) => serverShare))),
      shares(own),
    ];
  });
  return table(['line', 'ops/s', 'spread', 'p50 / p99 us', 'client CPU', 'server CPU', 'busiest threads'], rows);
}

/** Throughput of both sides. */
export function ratioTable(runs: readonly LoadRuns[]): string {
  const rows = runs.map((entry) => {
    const compared = compare(entry.peer.map(rate), entry.ours.map(rate));
    const { peer, ours, ratio, lowest, highest } = compared;
    return [
      entry.line.name,
      whole(peer),
      whole(ours),
      ratio.toFixed(2),
      `${lowest.toFixed(2)}..${highest.toFixed(2)}`,
      goalInWords(entry.line.goal),
      judge(compared, entry.line.goal),
      `${latency(entry.peer)} : ${latency(entry.ours)}`,
      `${percent(median(entry.peer.map(({ clientShare }) => clientShare)))} : ${percent(median(entry.ours.map(({ clientShare }) => clientShare)))}`,
      `${percent(median(entry.peer.map(({ serverShare }) => serverShare)))} : ${percent(median(entry.ours.map(({ serverShare }) => serverShare)))}`,
    ];
  });
  const head = [
    'line',
    'peer ops/s',
    'ours ops/s',
    'ratio',
    'spread',
    'goal',
    '',
    'p50 / p99 us',
    'client CPU',
    'server CPU',
  ];
  return table(head, rows);
}

/** Lines of which each run gives one figure: memory, durations, replication. */
export function figureTable(runs: readonly FigureRuns[], withOurs: boolean): string {
  const figure = (value: number): string => {
    if (Number.isNaN(value)) return '-';
    return value < 10 ? value.toFixed(2) : whole(value);
  };
  const rows = runs.map(({ name, unit, note, goal, peer, ours }) => {
    const compared = compare(peer, ours);
    const judged = withOurs
      ? [
          figure(compared.ours),
          compared.ratio.toFixed(2),
          `${compared.lowest.toFixed(2)}..${compared.highest.toFixed(2)}`,
          goalInWords(goal),
          judge(compared, goal),
        ]
      : [];
    return [name, unit, figure(median(peer)), ...judged, note];
  });
  return table(['line', 'unit', 'peer', ...(withOurs ? ['ours', 'ratio', 'spread', 'goal', ''] : []), 'note'], rows);
}

/** The client's own limit in each shape. */
export function limitTable(limits: readonly Readonly<{ name: string; result: LoadResult }>[]): string {
  const rows = limits.map(({ name, result }) => [name, whole(rate(result)), percent(result.clientShare)]);
  return table(['client against a null server', 'ops/s', 'client CPU'], rows);
}

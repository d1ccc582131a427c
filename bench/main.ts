/**
 * `npm run bench`: a real Tarantool and this project with the same data under the same load, in turn, pair by pair; for
 * consensus, etcd and this project.
 * Only the ratios of one run mean something; the absolute figures depend on the machine.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { temporaryDirectory } from '../test/support/child-server.ts';
import { etcdGroup } from './consensus/etcd-members.ts';
import { CONSENSUS_NAMES } from './consensus/measurements.ts';
import { ourGroup } from './consensus/our-members.ts';
import { measureConsensus } from './consensus/run.ts';
import { GUARDED_SPACE, PLAIN_SPACE, RANGED_SPACE } from './control.ts';
import { loadAndWeigh, snapshotPeak, snapshotSeconds, type MemoryCost } from './costs.ts';
import { COST_GOALS, COST_NAMES, LOAD_LINES, loadLine, SHAPES, writes, type CostName, type LoadLine } from './lines.ts';
import { parseOptions, USAGE, type BenchOptions } from './options.ts';
import { REPLICATION_LINES, type ReplicationLine } from './replication/measurements.ts';
import { ourMembers, peerMembers, type MemberKind } from './replication/replica-set.ts';
import { absoluteTable, figureTable, limitTable, ratioTable, type FigureRuns, type LoadRuns } from './report.ts';
import { FIRST_KEY } from './requests.ts';
import { LoadRunner } from './runner.ts';
import { median } from './statistics.ts';
import { BenchServer, ourProgram, peerProgram, PROJECT, type Program, type Side } from './servers.ts';

const WARM_RUN_SECONDS = 1;
const MEBIBYTE = 1024 * 1024;

class Benchmark {
  readonly #options: BenchOptions;
  readonly #runner: LoadRunner;
  readonly #servers: readonly BenchServer[];

  constructor(options: BenchOptions, runner: LoadRunner, servers: readonly BenchServer[]) {
    this.#options = options;
    this.#runner = runner;
    this.#servers = servers;
  }

  /** Fills the spaces; returns what a tuple of the plain one costs. */
  async prepare(): Promise<Readonly<Record<Side, MemoryCost | null>>> {
    const memory: Record<Side, MemoryCost | null> = { peer: null, ours: null };
    const { rows } = this.#options;
    for (const server of this.#servers) {
      await server.withControl((control) => control.createPlainSpace());
      memory[server.side] = await loadAndWeigh(server, this.#runner, rows);
      await server.withControl(async (control) => {
        await control.createRangedSpace();
        await control.createGuardedSpace();
      });
      await this.#runner.load(server, RANGED_SPACE, 3, rows);
      await this.#runner.load(server, GUARDED_SPACE, 3, rows);
      progress(`${server.title} has its data`);
    }
    return memory;
  }

  /** One line: a run of each side that is thrown away, then the pairs. */
  async load(line: LoadLine): Promise<LoadRuns> {
    const runs: LoadRuns & Record<Side, LoadRuns[Side][number][]> = { line, peer: [], ours: [] };
    const { rows, pairs, seconds } = this.#options;
    for (const server of this.#servers) await this.#runner.line(server, line, rows, WARM_RUN_SECONDS);
    for (let pair = 0; pair < pairs; pair++) {
      for (const server of this.#servers) {
        runs[server.side].push(await this.#runner.line(server, line, rows, seconds));
      }
    }
    // A checkpoint lets the server drop the logs of this line, so that the disk does not fill.
    if (writes(line.operation)) for (const server of this.#servers) await snapshotSeconds(server);
    const bytes = this.#servers.map(({ side }) => Math.round(runs[side][0]?.bytesPerResponse ?? 0));
    if (new Set(bytes).size > 1) progress(`${line.name}: responses differ in size (${bytes.join(' : ')} bytes)`);
    const rates = this.#servers.map(({ side }) =>
      median(runs[side].map(({ operations, seconds: s }) => operations / s)),
    );
    progress(`${line.name}: ${rates.map(Math.round).join(' : ')} ops/s`);
    return runs;
  }

  async cost(name: CostName, memory: Readonly<Record<Side, MemoryCost | null>>): Promise<FigureRuns> {
    const runs: Record<Side, number[]> = { peer: [], ours: [] };
    const notes: string[] = [];
    const { rows } = this.#options;
    const pairs = name === 'memory' ? 1 : this.#options.pairs;
    for (let pair = 0; pair < pairs; pair++) {
      for (const server of this.#servers) {
        const { value, note } = await this.#costOnce(name, server, rows, memory[server.side]);
        runs[server.side].push(value);
        if (note !== '' && pair === pairs - 1) notes.push(note);
      }
    }
    progress(name);
    const units: Readonly<Record<CostName, string>> = {
      memory: 'bytes a tuple',
      snapshot: 's',
      'snapshot-peak': 'MiB',
      restart: 's',
    };
    return { name, unit: units[name], goal: COST_GOALS[name], note: notes.join(' : '), ...runs };
  }

  async #costOnce(
    name: CostName,
    server: BenchServer,
    rows: number,
    memory: MemoryCost | null,
  ): Promise<Readonly<{ value: number; note: string }>> {
    switch (name) {
      case 'memory':
        return {
          value: memory?.residentBytes ?? Number.NaN,
          note: `own figure ${memory?.ownBytes.toFixed(0) ?? '-'}`,
        };
      case 'snapshot': {
        // Without a change since the last one, a snapshot has nothing to do.
        await this.#runner.line(server, { ...loadLine('select-1x1'), operation: 'replace' }, rows, 1);
        return { value: await snapshotSeconds(server), note: `${(rows * 3).toLocaleString('en-US')} tuples` };
      }
      case 'snapshot-peak': {
        const { peakBytes, growthBytes, seconds, writesPerSecond } = await snapshotPeak(server, this.#runner, rows);
        const grown = Math.round(growthBytes / MEBIBYTE);
        const writes = Math.round(writesPerSecond).toLocaleString('en-US');
        const note = `+${grown} MiB in ${seconds.toFixed(1)} s at ${writes} replaces/s`;
        return { value: peakBytes / MEBIBYTE, note };
      }
      case 'restart':
        await snapshotSeconds(server);
        return {
          value: await server.restart(PLAIN_SPACE, FIRST_KEY),
          note: `${(rows * 3).toLocaleString('en-US')} tuples`,
        };
    }
  }
}

function progress(text: string): void {
  console.error(`bench: ${text}`);
}

function wants(options: BenchOptions, name: string): boolean {
  return options.only.length === 0 || options.only.some((part) => name.includes(part));
}

function circumstances(options: BenchOptions, titles: readonly string[]): string {
  const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: PROJECT, encoding: 'utf8' }).trim();
  const node = options.peerOnly
    ? ''
    : ` on Node ${execFileSync(options.node, ['--version'], { encoding: 'utf8' }).trim()}`;
  return [
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}, ${titles.join(' and ')}${node},`,
    `${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, ${options.rows.toLocaleString('en-US')} tuples a space,`,
    `${options.pairs} pairs of ${options.seconds} s.`,
  ].join(' ');
}

/** The lines of one server of each side, as sections of the report. */
async function measureServers(
  options: BenchOptions,
  runner: LoadRunner,
  servers: readonly BenchServer[],
): Promise<string[]> {
  const limits = [];
  for (const shape of SHAPES) {
    const result = await runner.limit(shape, options.rows, options.seconds);
    limits.push({ name: `${shape.connections}x${shape.depth}`, result });
  }
  const benchmark = new Benchmark(options, runner, servers);
  const memory = await benchmark.prepare();
  const loads: LoadRuns[] = [];
  for (const line of LOAD_LINES.filter(({ name }) => wants(options, name))) loads.push(await benchmark.load(line));
  const costs: FigureRuns[] = [];
  for (const name of COST_NAMES.filter((cost) => wants(options, cost))) costs.push(await benchmark.cost(name, memory));

  const sections = [limitTable(limits)];
  const titles = { open: 'Guest with all rights', rights: 'A user with granted rights; format, second index, trigger' };
  for (const table of ['open', 'rights'] as const) {
    const runs = loads.filter(({ line }) => line.table === table);
    if (runs.length === 0) continue;
    sections.push(`## ${titles[table]}`);
    if (options.peerOnly) sections.push(absoluteTable(runs, 'peer'));
    else sections.push(ratioTable(runs), absoluteTable(runs, 'peer'), absoluteTable(runs, 'ours'));
  }
  if (costs.length > 0) sections.push('## Memory and time', figureTable(costs, !options.peerOnly));
  return sections;
}

/** A line about replication: pairs of replica sets, each started for its run. */
async function measureReplication(
  line: ReplicationLine,
  options: BenchOptions,
  runner: LoadRunner,
  kinds: readonly MemberKind[],
): Promise<FigureRuns> {
  const { name, unit, goal } = line;
  const runs: Record<Side, number[]> = { peer: [], ours: [] };
  let notes: readonly string[] = [];
  for (let pair = 0; pair < options.pairs; pair++) {
    const pairNotes: string[] = [];
    for (const kind of kinds) {
      const { value, note } = await line.measure(kind, runner, options.rows);
      runs[kind.side].push(value);
      pairNotes.push(note);
    }
    notes = pairNotes;
    progress(
      `${name}: ${kinds.map(({ side }) => runs[side].at(-1)?.toFixed(2)).join(' : ')} ${unit} (${notes.join(' : ')})`,
    );
  }
  return { name, unit, goal, note: notes.join(' : '), ...runs };
}

async function withServers<Result>(
  programs: readonly Program[],
  use: (servers: readonly BenchServer[]) => Promise<Result>,
): Promise<Result> {
  const servers: BenchServer[] = [];
  try {
    for (const program of programs) servers.push(await BenchServer.start(program));
    return await use(servers);
  } finally {
    for (const server of servers) await server.remove();
  }
}

async function measure(options: BenchOptions, runner: LoadRunner): Promise<string> {
  const wantsName = (name: string): boolean => wants(options, name);
  const programs = [peerProgram(), ...(options.peerOnly ? [] : [ourProgram(options.node)])];
  // An etcd that is missing is missed before the hour of the other lines.
  const groups = CONSENSUS_NAMES.some(wantsName)
    ? [etcdGroup(), ...(options.peerOnly ? [] : [ourGroup(options.node)])]
    : [];
  const sides = [...programs, ...groups].sort(
    (left, right) => Number(left.side === 'ours') - Number(right.side === 'ours'),
  );
  const titles = [...new Set(sides.map(({ title }) => title))];
  const sections = [circumstances(options, titles)];
  // Servers take minutes to fill: not for lines that have their own.
  if ([...LOAD_LINES.map(({ name }) => name), ...COST_NAMES].some(wantsName)) {
    sections.push(...(await withServers(programs, (servers) => measureServers(options, runner, servers))));
  }
  const kinds = [peerMembers(), ...(options.peerOnly ? [] : [ourMembers(options.node)])];
  const replication: FigureRuns[] = [];
  for (const line of REPLICATION_LINES.filter(({ name }) => wants(options, name))) {
    replication.push(await measureReplication(line, options, runner, kinds));
  }
  if (replication.length > 0) sections.push('## Replication', figureTable(replication, !options.peerOnly));
  if (groups.length > 0) {
    const { pairs, seconds } = options;
    const consensus = await measureConsensus({ pairs, seconds, wants: wantsName }, runner, groups, progress);
    sections.push('## Consensus', figureTable(consensus, !options.peerOnly));
  }
  return sections.join('\n\n');
}

/** A run of some lines has a file of its own, beside that of all. */
function writeReport({ only }: BenchOptions, text: string): void {
  const command = ['npm run bench -- --write', ...only.map((name) => `--only ${name}`)].join(' ');
  const head = `# Benchmarks${only.length === 0 ? '' : `: ${only.join(', ')}`}`;
  const origin = `Written by \`${command}\`. Only the ratios of one run mean something.`;
  const name = ['benchmarks', ...only].join('-');
  writeFileSync(join(PROJECT, 'docs', `${name}.md`), `${head}\n\n${origin}\n\n${text}\n`);
}

async function main(options: BenchOptions): Promise<void> {
  const directory = await temporaryDirectory('bench-client');
  try {
    const text = await measure(options, new LoadRunner(PROJECT, directory.path));
    console.log(text);
    if (options.write) writeReport(options, text);
  } finally {
    await directory.remove();
  }
}

let options: BenchOptions | null = null;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = 2;
}
if (options !== null) await main(options);

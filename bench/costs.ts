/** The lines that are not throughput: memory per tuple, snapshots, and the restart. */
import { performance } from 'node:perf_hooks';
import { PLAIN_SPACE } from './control.ts';
import { LOAD_LINES } from './lines.ts';
import { peakBytes, residentBytes, resetPeak } from './process-statistics.ts';
import type { LoadRunner } from './runner.ts';
import type { BenchServer } from './servers.ts';

/** The load is under way before the snapshot begins: by then its client has started and warmed up. */
const LOAD_AHEAD_MS = 2500;
const LOAD_PART_SECONDS = 4;

/** `residentBytes` and `ownBytes` per tuple of a space that was empty; `ownBytes` is the server's own figure. */
export type MemoryCost = Readonly<{ residentBytes: number; ownBytes: number }>;

async function memoryUsed(server: BenchServer): Promise<number> {
  const answer = await server.withControl((control) => control.call('memory_used'));
  const [used] = Array.isArray(answer) ? answer : [];
  if (typeof used !== 'number') throw new Error(`memory_used of ${server.title} returned no number`);
  return used;
}

/** Loads the plain space, which must be empty, and reads how the process grew. */
export async function loadAndWeigh(server: BenchServer, runner: LoadRunner, rows: number): Promise<MemoryCost> {
  const resident = residentBytes(server.pid);
  const own = await memoryUsed(server);
  await runner.load(server, PLAIN_SPACE, 2, rows);
  return {
    residentBytes: (residentBytes(server.pid) - resident) / rows,
    ownBytes: ((await memoryUsed(server)) - own) / rows,
  };
}

/** Seconds of a snapshot while nothing else happens. */
export async function snapshotSeconds(server: BenchServer): Promise<number> {
  const startMs = performance.now();
  await server.withControl((control) => control.call('take_snapshot'));
  return (performance.now() - startMs) / 1000;
}

export type PeakCost = Readonly<{ peakGrowthBytes: number; seconds: number; writesPerSecond: number }>;

/** A snapshot under random replaces: how far resident memory rose above what it was, and how long it took. */
export async function snapshotPeak(server: BenchServer, runner: LoadRunner, rows: number): Promise<PeakCost> {
  const line = LOAD_LINES.find(({ name }) => name === 'replace-4x1000');
  if (line === undefined) throw new Error('there is no line replace-4x1000');
  let snapshotEnded = false;
  const rates: number[] = [];
  const load = (async () => {
    while (!snapshotEnded) {
      const { operations, seconds } = await runner.line(server, line, rows, LOAD_PART_SECONDS);
      rates.push(operations / seconds);
    }
  })();
  try {
    await Promise.race([load, new Promise((resolve) => setTimeout(resolve, LOAD_AHEAD_MS))]);
    resetPeak(server.pid);
    const before = residentBytes(server.pid);
    const seconds = await snapshotSeconds(server);
    const peakGrowthBytes = peakBytes(server.pid) - before;
    snapshotEnded = true;
    await load;
    return { peakGrowthBytes, seconds, writesPerSecond: rates.reduce((sum, rate) => sum + rate, 0) / rates.length };
  } finally {
    snapshotEnded = true;
  }
}

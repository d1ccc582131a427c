/** The lines that are not throughput: memory per tuple, snapshots, and the restart. */
import { performance } from 'node:perf_hooks';
import { PLAIN_SPACE } from './control.ts';
import { loadLine } from './lines.ts';
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

/** `growthBytes`: how far the peak is above what was resident before; memory freed earlier may hide it. */
export type PeakCost = Readonly<{ peakBytes: number; growthBytes: number; seconds: number; writesPerSecond: number }>;

/** A snapshot under random replaces: the most resident memory while it was written, and how long it took. */
export async function snapshotPeak(server: BenchServer, runner: LoadRunner, rows: number): Promise<PeakCost> {
  const line = loadLine('replace-4x1000');
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
    const peak = peakBytes(server.pid);
    snapshotEnded = true;
    await load;
    const writesPerSecond = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    return { peakBytes: peak, growthBytes: peak - before, seconds, writesPerSecond };
  } finally {
    snapshotEnded = true;
  }
}

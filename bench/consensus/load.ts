/**
 * The load on a group: so many clients, each with one put in flight, and the time of every put of a window after a
 * warm-up. The same loop drives both sides.
 */
import { performance } from 'node:perf_hooks';

/** Whoever takes puts. */
export interface ConsensusPeer {
  /** Resolves when the put is committed; `clientIndex` counts from 0 and has one put in flight. */
  put(clientIndex: number): Promise<void>;
}

export type Load = Readonly<{ clients: number; warmupSeconds: number; seconds: number }>;

export type LoadFigures = Readonly<{
  puts: number;
  seconds: number;
  /** Milliseconds of a put; NaN without puts. */
  p50Ms: number;
  p99Ms: number;
  /** Processor time of this process while it measured, as a share of one processor. */
  clientShare: number;
}>;

const FIRST_CAPACITY = 1 << 16;

/** Any number of durations, without a garbage object for each. */
export class Durations {
  #values = new Float64Array(FIRST_CAPACITY);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(milliseconds: number): void {
    if (this.#count === this.#values.length) {
      const longer = new Float64Array(2 * this.#count);
      longer.set(this.#values);
      this.#values = longer;
    }
    this.#values[this.#count] = milliseconds;
    this.#count += 1;
  }

  /** The value that `part` of all do not exceed, for each part; NaN without any. */
  percentiles(...parts: readonly number[]): number[] {
    const sorted = this.#values.slice(0, this.#count).sort();
    return parts.map((part) => sorted[Math.max(0, Math.ceil(this.#count * part) - 1)] ?? Number.NaN);
  }
}

/**
 * Runs the load to its end; rejects with the first put that fails. A put counts if it ended inside the window.
 * `atWindow` is called when the window begins and when it ends.
 */
export async function runLoad(peer: ConsensusPeer, load: Load, atWindow: () => void = () => {}): Promise<LoadFigures> {
  const durations = new Durations();
  let isMeasuring = false;
  let isOver = false;
  const client = async (clientIndex: number): Promise<void> => {
    while (!isOver) {
      const startMs = performance.now();
      await peer.put(clientIndex);
      if (isMeasuring) durations.add(performance.now() - startMs);
    }
  };
  const clients = Promise.all(Array.from({ length: load.clients }, (_, clientIndex) => client(clientIndex)));
  const wait = (seconds: number): Promise<unknown> =>
    Promise.race([clients, new Promise((resolve) => setTimeout(resolve, seconds * 1000))]);

  await wait(load.warmupSeconds);
  atWindow();
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  isMeasuring = true;
  await wait(load.seconds);
  isMeasuring = false;
  isOver = true;
  const seconds = (performance.now() - startMs) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  atWindow();
  await clients;

  const [p50Ms = Number.NaN, p99Ms = Number.NaN] = durations.percentiles(0.5, 0.99);
  return { puts: durations.count, seconds, p50Ms, p99Ms, clientShare: (cpu.user + cpu.system) / 1e6 / seconds };
}

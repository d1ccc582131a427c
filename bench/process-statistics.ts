/** What the kernel knows of a process, from /proc: processor time per thread and memory. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** USER_HZ, which Linux fixes for /proc on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

export type ThreadSeconds = Readonly<{ id: string; name: string; seconds: number }>;

/** Processor seconds (user and system) of each living thread. */
export function threadSeconds(pid: number): ThreadSeconds[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((id) => {
    try {
      const text = readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8');
      const nameEnd = text.lastIndexOf(')');
      const fields = text.slice(nameEnd + 2).split(' ');
      const ticks = Number(fields[11]) + Number(fields[12]);
      return [{ id, name: text.slice(text.indexOf('(') + 1, nameEnd), seconds: ticks / TICKS_PER_SECOND }];
    } catch {
      return [];
    }
  });
}

/** Share of one processor that each thread used between two readings, the busiest first; idle ones are left out. */
export function threadShares(
  before: readonly ThreadSeconds[],
  after: readonly ThreadSeconds[],
  elapsedSeconds: number,
): Readonly<{ name: string; share: number }>[] {
  const start = new Map(before.map(({ id, seconds }) => [id, seconds]));
  return after
    .map(({ id, name, seconds }) => ({ name, share: (seconds - (start.get(id) ?? 0)) / elapsedSeconds }))
    .filter(({ share }) => share >= 0.01)
    .sort((left, right) => right.share - left.share);
}

function statusBytes(pid: number, key: string): number {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error(`/proc/${pid}/status has no ${key}`);
  return Number(match[1]) * 1024;
}

/** Resident bytes now. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

/** The most resident bytes since the start or the last `resetPeak`. */
export function peakBytes(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

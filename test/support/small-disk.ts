/** A file system of a few MiB in memory, to be filled: only root can mount one. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BALLAST_BYTES = 4096;

export type SmallDisk = Readonly<{
  path: string;
  /** Leaves `freeBytes` of it, or nothing. */
  fill: (freeBytes?: number) => void;
  /** Takes away what `fill` has put there. */
  empty: () => void;
  remove: () => void;
}>;

/** Mounts one; or says why that is not possible. */
export function mountSmallDisk(sizeBytes: number): SmallDisk | string {
  const path = mkdtempSync(join(tmpdir(), 'small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    return `a small file system cannot be mounted: ${error instanceof Error ? error.message.split('\n')[0] : ''}`;
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    fill: (freeBytes = 0) => {
      const file = openSync(ballast, 'a');
      try {
        for (;;) writeSync(file, new Uint8Array(BALLAST_BYTES));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      } finally {
        closeSync(file);
      }
      if (freeBytes > 0) execFileSync('truncate', ['-s', `-${freeBytes}`, ballast]);
    },
    empty: () => rmSync(ballast, { force: true }),
    remove: () => {
      execFileSync('umount', ['-l', path], { stdio: 'pipe' });
      rmSync(path, { recursive: true, force: true });
    },
  };
}

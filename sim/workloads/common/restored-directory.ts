/** How somebody puts a directory back as it was when its files were copied. */
import type { Disk, DiskDirectory } from '../../env/disk.ts';
import type { FoundFile } from './disk-inspection.ts';

/** With new files in a new directory or in the one that is there; or with what was in them written over the files. */
export const RESTORE_MANNERS = ['new directory', 'new files', 'same files'] as const;
export type RestoreManner = (typeof RESTORE_MANNERS)[number];

/** Of a directory right below the root of the disk, at this time; nothing else is left in it. All of that is durable. */
export function restoreDirectory(
  disk: Disk,
  path: string,
  files: readonly FoundFile[],
  manner: RestoreManner,
  atSeconds: number,
): void {
  const found = disk.find(path);
  const known = found?.kind === 'directory' && manner !== 'new directory' ? found : null;
  const directory: DiskDirectory = known ?? disk.newDirectory(atSeconds);
  const before = new Map(directory.entries);
  for (const name of before.keys()) disk.change(atSeconds, { directory, name, node: null });
  for (const { name, bytes } of files) {
    const old = before.get(name);
    const node = manner === 'same files' && old?.kind === 'file' ? old : disk.newFile(atSeconds);
    node.content.truncate(0);
    node.content.write(bytes, 0);
    disk.change(atSeconds, { directory, name, node });
  }
  if (known === null) disk.change(atSeconds, { directory: disk.root, name: path.slice(1), node: directory });
  disk.syncAll();
}

/** Finds the package's own folder, from its sources as well as from its bundles. */
import * as fs from 'node:fs';
import * as nodePath from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssertionError } from '../../base/index.ts';

const PACKAGE_NAME = 'picodata';

/** The nearest folder above this file with the package's own package.json. */
export function packageRoot(): string {
  let folder = nodePath.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (isPackageRoot(folder)) return folder;
    const parent = nodePath.dirname(folder);
    if (parent === folder) throw new AssertionError('this file is outside of its package');
    folder = parent;
  }
}

function isPackageRoot(folder: string): boolean {
  const path = nodePath.join(folder, 'package.json');
  if (!fs.existsSync(path)) return false;
  const description: unknown = JSON.parse(fs.readFileSync(path, 'utf8'));
  return (
    typeof description === 'object' &&
    description !== null &&
    'name' in description &&
    description.name === PACKAGE_NAME
  );
}

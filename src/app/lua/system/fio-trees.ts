/** What `fio` does with many files at once: trees of directories, copies, and patterns of names. */
import { FileError, type FileSystem, type SystemStatus } from '../../../env/index.ts';
import { FILE_KINDS, isKind } from './fio-constants.ts';

export function statusOrNull(fileSystem: FileSystem, path: string, followsLinks = true): SystemStatus | null {
  try {
    return fileSystem.status(path, followsLinks);
  } catch (error) {
    if (error instanceof FileError) return null;
    throw error;
  }
}

export function isPathOfKind(fileSystem: FileSystem, path: string, kind: string, followsLinks = true): boolean {
  const status = statusOrNull(fileSystem, path, followsLinks);
  return status !== null && isKind(status.mode, FILE_KINDS[kind]!);
}

/** Makes the directories that are not there. Returns the one that could not be made, with why; null if all is well. */
export function makeTree(
  fileSystem: FileSystem,
  path: string,
  mode: number,
): Readonly<{ path: string; error: unknown }> | null {
  let current = '';
  for (const segment of path.split('/')) {
    if (segment === '') {
      if (current === '') current = '/';
      continue;
    }
    current = current === '' || current.endsWith('/') ? current + segment : `${current}/${segment}`;
    if (isPathOfKind(fileSystem, current, 'is_dir')) continue;
    try {
      fileSystem.makeDirectory(current, mode);
    } catch (error) {
      return { path: current, error };
    }
  }
  return null;
}

/** Removes the directory and all below it. Throws FileError. */
export function removeTree(fileSystem: FileSystem, path: string): void {
  for (const name of fileSystem.list(path)) {
    const child = `${path}/${name}`;
    if (isPathOfKind(fileSystem, child, 'is_dir', false)) removeTree(fileSystem, child);
    else fileSystem.unlink(child);
  }
  fileSystem.removeDirectory(path);
}

/** Copies what is in the directory into the other one, which is made if absent. Throws FileError. */
export function copyTree(fileSystem: FileSystem, from: string, to: string): void {
  if (!isPathOfKind(fileSystem, to, 'is_dir')) fileSystem.makeDirectory(to, 0o777);
  for (const name of fileSystem.list(from)) {
    const source = `${from}/${name}`;
    const target = `${to}/${name}`;
    if (isPathOfKind(fileSystem, source, 'is_link', false)) {
      fileSystem.symbolicLink(fileSystem.readLink(source), target);
    } else if (isPathOfKind(fileSystem, source, 'is_dir')) copyTree(fileSystem, source, target);
    else fileSystem.copyFile(source, target);
  }
}

/** Paths that match a pattern with `*`, `?` and `[...]`, sorted; hidden names only where the pattern has the dot. */
export function matchingPaths(fileSystem: FileSystem, pattern: string): readonly string[] {
  const isAbsolute = pattern.startsWith('/');
  let found: readonly string[] = [isAbsolute ? '/' : ''];
  for (const segment of pattern.split('/').filter((part) => part !== '')) {
    found = found.flatMap((directory) => matchesIn(fileSystem, directory, segment));
  }
  return [...found].sort();
}

function matchesIn(fileSystem: FileSystem, directory: string, segment: string): readonly string[] {
  const prefix = directory === '' || directory.endsWith('/') ? directory : `${directory}/`;
  if (!/[*?[]/.test(segment)) {
    const path = prefix + segment;
    return statusOrNull(fileSystem, path, false) === null ? [] : [path];
  }
  const expression = expressionOf(segment);
  let names: readonly string[];
  try {
    names = fileSystem.list(directory === '' ? '.' : directory);
  } catch (error) {
    if (error instanceof FileError) return [];
    throw error;
  }
  const isHiddenWanted = segment.startsWith('.');
  return names
    .filter((name) => (isHiddenWanted || !name.startsWith('.')) && expression.test(name))
    .map((name) => prefix + name);
}

function expressionOf(segment: string): RegExp {
  let source = '';
  for (let at = 0; at < segment.length; at++) {
    const character = segment[at]!;
    const end = character === '[' ? segment.indexOf(']', at + 2) : -1;
    if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else if (end >= 0) {
      const content = segment
        .slice(at + 1, end)
        .replace(/^!/, '^')
        .replace(/\\/g, '\\\\');
      source += `[${content}]`;
      at = end;
    } else source += character.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  }
  return new RegExp(`^${source}$`, 's');
}

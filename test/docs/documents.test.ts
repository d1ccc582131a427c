/** What the documents say about the repository: links and paths lead somewhere, and lists have everything. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOMS } from '../../scripts/rooms.ts';
import { packageRoot } from '../../src/env/node/index.ts';

const ROOT = packageRoot();
/** Written by `npm run bench` and `npm run test:long`; a fresh clone may do without. */
const GENERATED = ['docs/benchmarks.md', 'docs/benchmarks-replication.md', 'docs/measurements.md'];
const PLACES = ['src', 'test', 'sim', 'fuzz', 'bench', 'scripts', 'docs', 'examples', 'bin', '.ci'];

function filesBelow(directory: string): string[] {
  return readdirSync(join(ROOT, directory), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

const files = PLACES.flatMap(filesBelow);
const documents = [...readdirSync(ROOT), ...files].filter((path) => path.endsWith('.md')).sort();
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Paths of the repository in code spans; with `*` for any part of a name, with `…` in the place of something. */
function pathsIn(text: string): readonly string[] {
  const start = new RegExp(`^(?:${PLACES.map((place) => place.replace('.', '\\.')).join('|')})/`);
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  return spans.filter((span) => start.test(span) && !/[\s…]|DATE|NAME/.test(span));
}

function leadsSomewhere(path: string): boolean {
  if (GENERATED.includes(path) || existsSync(join(ROOT, path))) return true;
  const escaped = path.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
  return path.includes('*') && files.some((file) => new RegExp(`^${escaped}$`).test(file));
}

describe.each(documents)('%s', (path) => {
  test('links to what is there', () => {
    const targets = [...textOf(path).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
    const inside = targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => join(dirname(path), target));
    expect(inside.filter((target) => !leadsSomewhere(target))).toEqual([]);
  });

  test('names files and folders that are there', () => {
    // Decisions and changes speak of their own time.
    if (path.startsWith('docs/adr/') || path === 'CHANGELOG.md') return;
    expect(pathsIn(textOf(path)).filter((named) => !leadsSomewhere(named))).toEqual([]);
  });
});

/** The first cells of the tables of a document, without code marks. */
function firstCells(text: string): readonly string[] {
  return [...text.matchAll(/^\| `?([^|`]+?)`?((?: ○)?) *\|/gm)].map((match) => `${match[1] ?? ''}${match[2] ?? ''}`);
}

describe('ARCHITECTURE.md', () => {
  const cells = firstCells(textOf('ARCHITECTURE.md'));

  test('has every room, and marks those without code', () => {
    for (const { name } of ROOMS) {
      const hasCode = existsSync(join(ROOT, 'src', name));
      expect(cells, name).toContain(hasCode ? name : `${name} ○`);
    }
  });

  test('has every dependency, and no other', () => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(textOf('package.json')) as {
      dependencies?: Record<string, string>;
      devDependencies?: Record<string, string>;
    };
    const section = textOf('ARCHITECTURE.md').split('## Dependencies')[1] ?? '';
    const listed = firstCells(section).filter((name) => name !== 'package' && !/^-+$/.test(name));
    expect([...listed].sort()).toEqual([...Object.keys(dependencies), ...Object.keys(devDependencies)].sort());
  });
});

import { describe, expect, it } from 'vitest';
import { mayImport, placeOf, ROOMS } from './rooms.ts';
import {
  cycleFindings,
  effectFindings,
  headerFindings,
  importFindings,
  sizeFindings,
  wordFindings,
  type Finding,
} from './tidy-rules.ts';
import { parseSource } from './tidy-source.ts';

const places = (findings: readonly Finding[]): string[] => findings.map(({ file, line }) => `${file}:${line}`);
const imports = (path: string, ...specifiers: string[]): Finding[] =>
  importFindings(
    [parseSource(path, specifiers.map((specifier) => `import '${specifier}';\n`).join(''))],
    new Set(['pino']),
  );
const effects = (path: string, text: string): Finding[] => effectFindings([parseSource(path, text)]);

function allowed(from: string, to: string): boolean {
  const [source, target] = [placeOf(from), placeOf(to)];
  if (source === null || target === null) throw new Error(`${from} or ${to} is in no room`);
  return mayImport(source.room, target.room);
}

describe('the room table', () => {
  it('has no pure room that may import env', () => {
    for (const room of ROOMS.filter(({ pure }) => pure === true)) {
      expect('allAboveBut' in room.imports || room.imports.includes('env'), room.name).toBe(false);
    }
  });

  it('names only rooms that exist', () => {
    for (const { name, imports: row } of ROOMS) {
      const names = 'allAboveBut' in row ? row.allAboveBut : row;
      for (const target of names) {
        const exists = ROOMS.some((room) => room.name === target || room.name.startsWith(`${target}/`));
        expect(exists, `${name} <- ${target}`).toBe(true);
      }
    }
  });

  it('gives a file to the longest row, and its part an entrance', () => {
    expect(placeOf('env/node/files.ts')?.room.name).toBe('env/node');
    expect(placeOf('codec/msgpack/skip.ts')?.unit).toBe('codec/msgpack');
    expect(placeOf('index.ts')?.room.name).toBe('index.ts');
    expect(placeOf('engine/other.ts')).toBeNull();
  });

  it.each([
    ['engine/box/x.ts', 'engine/arena/index.ts', true],
    ['replication/x.ts', 'engine/wal/index.ts', true],
    ['sql/x.ts', 'sql/planner/index.ts', true],
    ['index.ts', 'env/node/index.ts', true],
    ['cli/main.ts', 'env/node/index.ts', true],
    ['server/iproto/x.ts', 'app/lua/index.ts', true],
    ['server/iproto/x.ts', 'env/node/index.ts', false],
    ['instance/x.ts', 'instance/workers/index.ts', false],
    ['engine/wal/x.ts', 'env/node/index.ts', false],
    ['sql/planner/x.ts', 'sql/x.ts', false],
    ['engine/txn/x.ts', 'env/index.ts', false],
    ['app/x.ts', 'server/index.ts', false],
    ['index.ts', 'cli/index.ts', false],
    ['cli/supervisor/x.ts', 'base/index.ts', false],
  ])('%s -> %s: %s', (from, to, expected) => {
    expect(allowed(from, to)).toBe(expected);
  });
});

describe('imports', () => {
  it('lets through entrances, own files and dependencies', () => {
    expect(imports('src/codec/iproto/a.ts', './b.ts', '../msgpack/index.ts', '../../base/index.ts', 'pino')).toEqual(
      [],
    );
  });

  it('finds wrong directions, side doors, files in no room, Node and unknown packages', () => {
    const found = imports(
      'src/codec/iproto/a.ts',
      '../../tuple/index.ts',
      '../../base/assert.ts',
      '../msgpack/skip.ts',
      '../../../scripts/rooms.ts',
      'node:fs',
      'left-pad',
    );
    expect(places(found)).toEqual([1, 2, 3, 4, 5, 6].map((line) => `src/codec/iproto/a.ts:${line}`));
    expect(places(imports('src/elsewhere/a.ts'))).toEqual(['src/elsewhere/a.ts:1']);
  });

  it('counts re-exports, types and dynamic imports', () => {
    const text =
      "export * from '../tuple/index.ts';\nimport type { A } from '../tuple/index.ts';\n" +
      "type B = import('../tuple/index.ts').B;\nconst c = import('../tuple/index.ts');\n";
    expect(importFindings([parseSource('src/base/a.ts', text)], new Set())).toHaveLength(4);
  });
});

describe('effects', () => {
  it('finds clocks, randomness and globals of Node, but not members of that name', () => {
    const text =
      '/** x */\nconst a = Date.now() + Math.random();\nsetTimeout(f, 1);\nlet b: Buffer;\nenv.process.exit(1);\n' +
      'interface E { process: number }\nconst m = Math.max(1, 2);\nconst o = { console: 1 };\n';
    const found = effects('src/engine/box/a.ts', text);
    expect(found.map(({ line, text: what }) => `${line} ${what.split(':')[0] ?? ''}`)).toEqual([
      '2 uses Date',
      '2 uses Math.random',
      '3 uses setTimeout',
      '4 uses Buffer',
    ]);
    expect(effects('src/env/node/a.ts', text)).toEqual([]);
    expect(effects('src/engine/box/a.test.ts', text)).toEqual([]);
  });

  it('lets a file use a name that it declares itself', () => {
    expect(effects('src/engine/box/a.ts', 'function f({ process }: E) { return process; }\n')).toEqual([]);
  });

  it('finds asynchronous code in pure rooms only', () => {
    const text = 'async function f(): Promise<void> {\n  await g();\n}\n';
    expect(places(effects('src/raft/a.ts', text)).sort()).toEqual([
      'src/raft/a.ts:1',
      'src/raft/a.ts:1',
      'src/raft/a.ts:2',
    ]);
    expect(effects('src/engine/box/a.ts', text)).toEqual([]);
  });
});

describe('sizes', () => {
  const long = parseSource('src/base/a.ts', `function big() {\n${'  f();\n'.repeat(80)}}\n`);
  const exception = { file: 'src/base/a.ts', functionName: 'big', lines: 82, reason: 'a test' };

  it('finds long functions and files', () => {
    expect(places(sizeFindings([long], []))).toEqual(['src/base/a.ts:1']);
    expect(sizeFindings([parseSource('src/base/b.ts', 'x;\n'.repeat(500))], [])).toEqual([]);
    expect(sizeFindings([parseSource('src/base/b.ts', 'x;\n'.repeat(501))], [])).toHaveLength(1);
  });

  it('takes exceptions only as long as they are needed and kept to', () => {
    expect(sizeFindings([long], [exception])).toEqual([]);
    expect(sizeFindings([long], [{ ...exception, lines: 81 }])).toHaveLength(1);
    expect(places(sizeFindings([], [exception]))).toEqual(['scripts/tidy-exceptions.ts:1']);
  });
});

describe('headers, cycles and words', () => {
  it('wants a comment at the top of all but index.ts and tests', () => {
    const files = ['a.ts', 'index.ts', 'a.test.ts'].map((name) => parseSource(`src/base/${name}`, 'export {};\n'));
    expect(places(headerFindings(files))).toEqual(['src/base/a.ts:1']);
    expect(headerFindings([parseSource('src/base/a.ts', '/** Yes. */\nexport {};\n')])).toEqual([]);
  });

  it('finds a cycle once, through types and entrances too', () => {
    const files = [
      parseSource('src/base/a.ts', "import type { B } from './b.ts';\n"),
      parseSource('src/base/b.ts', "export * from './index.ts';\n"),
      parseSource('src/base/index.ts', "export * from './a.ts';\n"),
      parseSource('src/base/c.ts', "import './a.ts';\n"),
    ];
    const found = cycleFindings(files);
    expect(found).toHaveLength(1);
    expect(found[0]?.text).toContain('src/base/a.ts -> src/base/b.ts -> src/base/index.ts -> src/base/a.ts');
    expect(cycleFindings(files.slice(0, 2))).toEqual([]);
  });

  it('finds notes of unfinished work and paths of a machine', () => {
    const note = `// ${'TO'}${'DO'} later`;
    const text = [
      'fine',
      note,
      `cd ${'/home'}/someone/x`,
      'see src/work/main',
      'see /build/here/x',
      '/build/here2',
    ].join('\n');
    expect(places(wordFindings('a.md', text, ['/build/here']))).toEqual(['a.md:2', 'a.md:3', 'a.md:5']);
  });
});

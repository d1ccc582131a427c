/**
 * The rules of `tidy`, each a pure function from parsed files to findings. A finding names the place and says what to
 * do instead.
 */
import { builtinModules } from 'node:module';
import { importsInWords, mayImport, placeOf } from './rooms.ts';
import type { SizeException } from './tidy-exceptions.ts';
import { resolveImport, type SourceFile } from './tidy-source.ts';

export type Finding = Readonly<{ file: string; line: number; text: string }>;

export const MAX_FILE_LINES = 500;
export const MAX_FUNCTION_LINES = 70;

const NODE_ROOM = 'env/node';
const BUILTINS = new Set(builtinModules);

const FORBIDDEN_NAMES: ReadonlyMap<string, string> = new Map([
  ['Date', 'take the time from the Clock port'],
  ['Math.random', 'take randomness from the RandomSource port, or SeededRandom in pure code'],
  ['setTimeout', 'use Timers.after'],
  ['setInterval', 'use Timers.every'],
  ['setImmediate', 'use Timers.endOfTurn'],
  ['process', 'use the ProcessControl port, or hand the value in'],
  ['Buffer', 'use Uint8Array and the byte helpers of base'],
  ['performance', 'use Clock.monotonicMs'],
  ['console', 'use the LogSink port, or the terminal of ProcessControl'],
  ['fetch', 'use the Network port'],
  ['crypto', 'use the Crypto port, or RandomSource'],
  ['globalThis', 'name the port of env that has the effect'],
]);

/** Places that may use a forbidden name, each with its reason. */
const NAME_EXCEPTIONS: readonly Readonly<{ file: string; name: string; reason: string }>[] = [
  {
    file: 'src/base/byte-writer.ts',
    name: 'Buffer',
    reason: 'its copy is the fastest that JavaScript has, and has no effect but the copy (measured there)',
  },
  { file: 'src/base/byte-text.ts', name: 'Buffer', reason: 'its text methods are the fastest that JavaScript has' },
  {
    file: 'src/codec/msgpack/strings.ts',
    name: 'Buffer',
    reason: 'its text methods are six times faster than TextDecoder and TextEncoder (measured there)',
  },
  { file: 'src/env/zstd/compression.ts', name: 'Buffer', reason: "the type that the zstd binding's methods take" },
];

/** Findings about who imports whom: unknown rooms, directions, entrances, packages that users would not have. */
export function importFindings(files: readonly SourceFile[], dependencies: ReadonlySet<string>): Finding[] {
  const findings: Finding[] = [];
  for (const file of files) {
    const from = placeOf(file.path.slice('src/'.length));
    if (from === null) {
      findings.push({ file: file.path, line: 1, text: 'belongs to no room: move it into a row of scripts/rooms.ts' });
      continue;
    }
    if (file.isTest) continue;
    for (const { specifier, line } of file.imports) {
      const add = (text: string): void => {
        findings.push({ file: file.path, line, text });
      };
      const target = resolveImport(file.path, specifier);
      if (target === null) {
        const problem = packageProblem(specifier, from.room.name, dependencies);
        if (problem !== null) add(problem);
        continue;
      }
      const to = target.startsWith('src/') ? placeOf(target.slice('src/'.length)) : null;
      if (to === null) {
        add(`imports ${target}, which is in no room: code under src/ stands on src/ and packages only`);
      } else if (!mayImport(from.room, to.room)) {
        add(
          `room ${from.room.name} may not import ${to.room.name} (it may import ${importsInWords(from.room)}): ` +
            'move the code, or declare a port that instance fills',
        );
      } else if (!entersProperly(from.unit, from.room.name, to.unit, target)) {
        add(`enters ${to.unit} by a side door: import src/${to.unit}/index.ts, and export there what is public`);
      }
    }
  }
  return findings;
}

function entersProperly(fromUnit: string, fromRoom: string, toUnit: string, target: string): boolean {
  return toUnit === fromUnit || toUnit === fromRoom || target === `src/${toUnit}/index.ts` || target === 'src/index.ts';
}

function packageProblem(specifier: string, room: string, dependencies: ReadonlySet<string>): string | null {
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  if (specifier.startsWith('node:') || BUILTINS.has(name)) {
    return room === NODE_ROOM
      ? null
      : `imports ${specifier}: only src/env/node may; add what is missing to a port of env`;
  }
  if (dependencies.has(name)) return null;
  return `imports ${name}, which is not in the dependencies of package.json: users would not have it`;
}

/** Findings about purity and effects. */
export function effectFindings(files: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = [];
  for (const file of files) {
    const place = placeOf(file.path.slice('src/'.length));
    if (place === null || file.isTest || place.room.name === NODE_ROOM) continue;
    for (const { name, line } of file.freeNames) {
      const instead = FORBIDDEN_NAMES.get(name);
      const isExcepted = NAME_EXCEPTIONS.some((exception) => exception.file === file.path && exception.name === name);
      if (instead !== undefined && !isExcepted)
        findings.push({ file: file.path, line, text: `uses ${name}: ${instead}` });
    }
    if (place.room.pure !== true) continue;
    const promises = file.freeNames.filter(({ name }) => name === 'Promise');
    for (const { name, line } of [...file.asyncUses, ...promises]) {
      const text = `${name} in the pure room ${place.room.name}: return what is to be done and let the caller wait`;
      findings.push({ file: file.path, line, text });
    }
  }
  return findings;
}

/** Findings about length; every exception must be needed and kept to. */
export function sizeFindings(files: readonly SourceFile[], exceptions: readonly SizeException[]): Finding[] {
  const findings: Finding[] = [];
  const used = new Set<SizeException>();
  const check = (file: string, functionName: string | undefined, line: number, lines: number, limit: number): void => {
    if (lines <= limit) return;
    const exception = exceptions.find((entry) => entry.file === file && entry.functionName === functionName);
    if (exception !== undefined) used.add(exception);
    if (exception !== undefined && lines <= exception.lines) return;
    const subject = functionName === undefined ? 'the file' : `function ${functionName}`;
    const allowed = exception?.lines ?? limit;
    findings.push({ file, line, text: `${subject} has ${lines} lines of ${allowed}: split it by concept` });
  };
  for (const file of files) {
    check(file.path, undefined, 1, file.lineCount, MAX_FILE_LINES);
    if (file.isTest) continue;
    for (const { name, line, lines } of file.functions) check(file.path, name, line, lines, MAX_FUNCTION_LINES);
  }
  for (const exception of exceptions) {
    if (used.has(exception)) continue;
    const subject = `${exception.file}${exception.functionName === undefined ? '' : ` ${exception.functionName}`}`;
    findings.push({
      file: 'scripts/tidy-exceptions.ts',
      line: 1,
      text: `the exception for ${subject} is not needed any more: remove it`,
    });
  }
  return findings;
}

/** Every file but an `index.ts` opens with a comment. */
export function headerFindings(files: readonly SourceFile[]): Finding[] {
  return files
    .filter((file) => !file.isTest && !file.path.endsWith('/index.ts') && !/^\s*\/[*/]/.test(file.text))
    .map((file) => ({
      file: file.path,
      line: 1,
      text: 'no header comment: say in a few lines what the file guarantees and why',
    }));
}

/** Files whose types are one recursive definition, each a part of it; cycles among them are types alone. */
const RECURSIVE_TYPES: readonly Readonly<{ files: readonly string[]; reason: string }>[] = [
  {
    files: ['values', 'table', 'stack', 'calls'].map((name) => `src/app/lua/runtime/${name}.ts`),
    reason: 'a Lua value may be a table of values, and an error among them knows the functions on the stack',
  },
];

/** Cycles between files, type imports included; each cycle is reported once, at the import that closes it. */
export function cycleFindings(files: readonly SourceFile[]): Finding[] {
  const byPath = new Map(files.filter((file) => !file.isTest).map((file) => [file.path, file]));
  const findings: Finding[] = [];
  const done = new Set<string>();
  const stack: string[] = [];
  const visit = (file: SourceFile): void => {
    stack.push(file.path);
    for (const { specifier, line } of file.imports) {
      const target = byPath.get(resolveImport(file.path, specifier) ?? '');
      if (target === undefined || done.has(target.path)) continue;
      const start = stack.indexOf(target.path);
      if (start === -1) visit(target);
      else if (!RECURSIVE_TYPES.some((part) => stack.slice(start).every((path) => part.files.includes(path)))) {
        const cycle = [...stack.slice(start), target.path].join(' -> ');
        const text = `import cycle ${cycle}: move what both need into a third file`;
        findings.push({ file: file.path, line, text });
      }
    }
    stack.pop();
    done.add(file.path);
  };
  for (const file of byPath.values()) if (!done.has(file.path)) visit(file);
  return findings;
}

/** Words that may stand in no file: notes of unfinished work and paths of the machine at hand. */
export function wordFindings(path: string, text: string, machinePaths: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  const unfinished = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME'].join('|')})\\b`);
  const homes = /(?<![\w./$}-])\/(?:home|Users)\/\w|(?<![\w./$}-])\/root\//;
  text.split('\n').forEach((lineText, index) => {
    const add = (what: string): void => {
      findings.push({ file: path, line: index + 1, text: what });
    };
    const word = unfinished.exec(lineText);
    if (word !== null) add(`${word[1] ?? ''}: finish it, or open an issue and say here what is so and why`);
    if (homes.test(lineText) || machinePaths.some((machinePath) => containsPath(lineText, machinePath))) {
      add('a path of one machine: use a path relative to the repository or a temporary directory');
    }
  });
  return findings;
}

function containsPath(text: string, path: string): boolean {
  for (let at = text.indexOf(path); at !== -1; at = text.indexOf(path, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + path.length] ?? ' ';
    if (!/[\w./$}-]/.test(before) && !/[\w-]/.test(after)) return true;
  }
  return false;
}

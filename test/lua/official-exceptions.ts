/**
 * What of Lua's own test programs is left out, and why: lines from one that matches `from` to the next that matches `to`.
 * Both sides run the same lines.
 */
export type Omission = Readonly<{ file: string; from: RegExp; to: RegExp; reason: string }>;

const BYTECODE = 'there is no bytecode: functions are compiled to JavaScript';
const HOOKS = 'compiled code calls no hooks, and its locals and upvalues are in JavaScript';
const COLLECTOR = "JavaScript's collector: no counts, no weak tables, no finalizers";

export const OMISSIONS: readonly Omission[] = [
  { file: 'calls.lua', from: /^x = string\.dump/, to: /_G\.x == 1\b/, reason: BYTECODE },
  { file: 'calls.lua', from: /loadstring\(string\.dump/, to: /x\(\) == 24/, reason: BYTECODE },
  {
    file: 'calls.lua',
    from: /load\(read1\("\*a/,
    to: /i == 2\)/,
    reason: 'what `load` reads is read to its end before it is compiled',
  },
  { file: 'closure.lua', from: /C\[1\] == nil/, to: /C\[1\] == nil/, reason: COLLECTOR },
  { file: 'closure.lua', from: /^while x\[1\]/, to: /^end/, reason: COLLECTOR },
  { file: 'db.lua', from: /^repeat$/, to: /-- testing upvalue access/, reason: HOOKS },
  { file: 'db.lua', from: /^local function getupvalues/, to: /-- tests for tail calls/, reason: HOOKS },
  { file: 'db.lua', from: /^local b = \{\}/, to: /^for _, k in ipairs\(res\)/, reason: HOOKS },
  { file: 'db.lua', from: /^debug\.sethook\(co/, to: /^debug\.sethook\(co/, reason: HOOKS },
  { file: 'db.lua', from: /debug\.getlocal\(co/, to: /debug\.gethook\(co/, reason: HOOKS },
  { file: 'db.lua', from: /a and b == "hi"/, to: /debug\.gethook\(co/, reason: HOOKS },
  {
    file: 'errors.lua',
    from: /^while stack\[i\]/,
    to: /i > 15/,
    reason: 'an overflow shows its innermost levels only',
  },
  { file: 'gc.lua', from: /^local bytes = gcinfo/, to: /^end/, reason: COLLECTOR },
  { file: 'gc.lua', from: /^local function dosteps/, to: /step", 1000000\)\)/, reason: COLLECTOR },
  { file: 'gc.lua', from: /^  local x = gcinfo/, to: /-- until gcinfo/, reason: COLLECTOR },
  { file: 'gc.lua', from: /'weak tables'/, to: /^assert\(m==10\)/, reason: COLLECTOR },
];

/** Programs that are not run at all. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'all.lua': 'runs the others through bytecode',
  'checktable.lua': 'is a part of others',
  'trace-calls.lua': 'prints what hooks tell; compiled code calls none',
  'main.lua': "tests the options of Lua's own command; Tarantool never comes to its end",
};

/** Programs that are called by another one, and how. */
export const CALLED: Readonly<Record<string, string>> = {
  'big.lua': 'local run = coroutine.wrap(assert(loadfile("big.lua"))) print(run(), run())',
  'db.lua': 'local run = assert(loadfile("db.lua")) run() print("done")',
};

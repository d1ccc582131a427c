/** `fselect` on spaces and indexes, as programs call it. 2.6.0 does not have it, so there is no peer. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const RUNNER = join(import.meta.dirname, 'run-box-program.ts');

const PROGRAM = `
local space = box.schema.space.create('people', {format = {
    {'id', 'unsigned'}, {'name', 'string', is_nullable = true}, {'data', 'any', is_nullable = true}}})
space:create_index('primary')
space:create_index('name', {parts = {{'name', is_nullable = true}}, unique = false})
space:insert({1, 'Zoë', {a = {1, 2}}, 'more'})
space:insert({2, 'Ann'})
space:insert({3, box.NULL, '\\xff'})
local function show(lines) for _, line in ipairs(lines) do print(line) end end
show(space:fselect())
show(space:fselect(2))
show(space.index.name:fselect({'Ann'}, {iterator = 'GE', limit = 1, fselect_type = 'markdown'}))
show(space:fselect({1}, nil, {type = 'jira', columns = {'name', 1}}))
show(space:fselect({}, {fselect_max_width = 20}, {widths = {3}, columns = {1, 2, 3}}))
show(space:fselect(99))
print(type(space:fselect()), #space:fselect())
print(pcall(space.fselect, space, {}, {}, {columns = {'nobody'}}))
print(pcall(space.fselect, space, {}, {}, {columns = {9}}))
print(pcall(space.fselect, space, {'x'}))
print(pcall(space.fselect))
`;

const EXPECTED = `+-----+-----+-----------+------+
| id  |name |   data    | col4 |
+-----+-----+-----------+------+
|  1  |"Zoë"|{"a":[1,2]}|"more"|
|  2  |"Ann"|           |      |
|  3  |     | <binary>  |      |
+-----+-----+-----------+------+
+-----+-----+-----+
| id  |name |data |
+-----+-----+-----+
|  2  |"Ann"|     |
+-----+-----+-----+
| id  |name |data |
|-----|-----|-----|
|  2  |"Ann"|     |
||name || id  ||
|"Zoë"|  1  |
+---+-----+--------+
|id |name |  data  |
+---+-----+--------+
| 1 |"Zoë"|{"a":[1,|
| 2 |"Ann"|        |
| 3 |     |<binary>|
+---+-----+--------+
+-----+-----+-----+
| id  |name |data |
+-----+-----+-----+
+-----+-----+-----+
table\t7
false\tIllegal parameters, options parameter 'columns': there is no field 'nobody'
false\tIllegal parameters, options parameter 'columns': there is no field 9
false\tSupplied key type of part 0 does not match index part type: expected unsigned
false\tbuiltin/box/schema.lua:1291: Use space:fselect(...) instead of space.fselect(...)
`;

it('draws what select gives', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'fselect-'));
  try {
    writeFileSync(join(directory, 'main.lua'), PROGRAM);
    const words = ['--import', import.meta.resolve('tsx'), RUNNER, 'main.lua'];
    const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: directory, encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: EXPECTED, stderr: '' });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

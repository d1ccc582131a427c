/** What a Lua script writes: every byte, in order, also into a pipe that is full, and when the process ends behind it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const PICODATA = join(import.meta.dirname, '..', '..', 'bin', 'picodata');
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const TIMEOUT_MS = 20_000;

/** `spawnSync` gives its children pipes that do not block: who writes faster than they are read is told to try again. */
function run(program: string): Readonly<{ code: number | null; output: Buffer; error: Buffer }> {
  const { status, stdout, stderr } = spawnSync(PICODATA, ['tarantool', '-'], {
    input: program,
    maxBuffer: OUTPUT_BYTES_MAX,
    timeout: TIMEOUT_MS,
  });
  return { code: status, output: stdout, error: stderr };
}

it('all of it comes, though the pipe is full at times, before os.exit', () => {
  const { code, output } = run(`for line = 1, 100000 do print('line ' .. line) end os.exit(3)`);
  const lines = output.toString().trimEnd().split('\n');
  expect(lines).toHaveLength(100_000);
  expect(lines.at(-1)).toBe('line 100000');
  expect(code).toBe(3);
});

it('bytes are bytes on both streams, and an error keeps its letters', () => {
  const { code, output, error } = run(`io.write('\\255\\254') io.stderr:write('\\255\\200') error('ошибка')`);
  expect([...output]).toEqual([255, 254]);
  expect([...error.subarray(0, 2)]).toEqual([255, 200]);
  expect(error.subarray(2).toString()).toContain('ошибка');
  expect(code).toBe(1);
});

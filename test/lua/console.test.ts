/**
 * The text console beside a real Tarantool's: each file of `console/` is typed into both, line by line, and the answers
 * must be the same byte for byte, but for addresses of objects.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, 'console');
const PICODATA = join(import.meta.dirname, '..', '..', 'bin', 'picodata');
const GREETING_BYTES = 128;
const ANSWER_END = /(?:^|\n)\.\.\.\n\n?$|;\n?$/;
const QUIET_MS = 300;
const hasTarantool = spawnSync('tarantool', ['--version']).status === 0;
if (!hasTarantool) console.log('test/lua/console: skipped, there is no tarantool on this machine');

type Side = Readonly<{ process: ChildProcess; directory: string; socketPath: string }>;

function start(command: string, words: readonly string[]): Side {
  const directory = mkdtempSync(join(tmpdir(), 'picodata-console-'));
  const socketPath = join(directory, 'console.sock');
  const script = join(directory, 'init.lua');
  writeFileSync(
    script,
    `box.cfg{log_level = 1, work_dir = '${directory}', log = '${directory}/log.txt'}
     require('console').listen('${socketPath}')`,
  );
  return { process: spawn(command, [...words, script], { stdio: 'ignore' }), directory, socketPath };
}

async function opened(path: string): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = connect(path);
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return socket;
    if (tries === 200) throw new Error(`nobody listens on ${path}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What the server says until an answer has ended, or nothing comes any more. */
function answerOf(socket: Socket, isWhole: (text: string) => boolean): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const done = (): void => {
      clearTimeout(timer);
      socket.off('data', take);
      resolve(text);
    };
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      timer.refresh();
      if (isWhole(text)) done();
    };
    const timer = setTimeout(done, QUIET_MS);
    socket.on('data', take);
  });
}

async function converse({ socketPath }: Side, lines: readonly string[]): Promise<string> {
  const socket = await opened(socketPath);
  await answerOf(socket, (text) => text.length >= GREETING_BYTES);
  let transcript = '';
  for (const line of lines) {
    socket.write(`${line}\n`);
    transcript += `> ${line}\n${await answerOf(socket, (text) => ANSWER_END.test(text))}`;
  }
  socket.destroy();
  return transcript.replaceAll(/0x[0-9a-f]+/g, '0xADDRESS');
}

describe.runIf(hasTarantool)('the text console answers as Tarantool does', () => {
  let sides: readonly Side[] = [];
  beforeAll(() => {
    sides = [start('tarantool', []), start(PICODATA, ['tarantool'])];
  });
  afterAll(() => {
    for (const side of sides) {
      side.process.kill('SIGKILL');
      rmSync(side.directory, { recursive: true, force: true });
    }
  });

  for (const name of readdirSync(FOLDER)) {
    it(name, async () => {
      const lines = readFileSync(join(FOLDER, name), 'utf8').trimEnd().split('\n');
      const [real, ours] = [await converse(sides[0]!, lines), await converse(sides[1]!, lines)];
      expect(ours).toBe(real);
    });
  }
});

/** Either program over a data directory that outlives it: opened, stopped cleanly, or killed and opened again. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { startProcess, type ServerProcess } from './child-server.ts';
import { findPicodata } from './picodata-server.ts';
import { findTarantool } from './tarantool-server.ts';

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 10;

export type DirectoryServer = Readonly<{
  name: string;
  directory: string;
  pid: number;
  address: string;
  /** What it printed, the newest 64 KiB. */
  log: () => string;
  exited: () => boolean;
  waitForLine: ServerProcess['waitForLine'];
  /** SIGTERM, and waits for the end. */
  stop: () => Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill: () => Promise<void>;
}>;

export type OpenDirectory = (directory: string, options?: readonly string[]) => Promise<DirectoryServer>;

/** `picodata run` over the directory; `options` are flags. Rejects with its output if it does not come up. */
export const openWithPicodata: OpenDirectory = async (directory, options = []) => {
  const program = findPicodata();
  if (program === null) throw new Error('there is no built picodata to start');
  const args = ['run', '--data-dir', directory, '--listen', '127.0.0.1:0', ...options];
  const child = startProcess(program, args, { cwd: directory });
  const listening = await child.waitForLine(/listening on (127\.0\.0\.1:\d+)/, START_TIMEOUT_MS);
  await child.waitForLine(/ready to accept requests/, START_TIMEOUT_MS);
  return serverOf('picodata', directory, listening[1]!, child, () => undefined);
};

/** A Tarantool over the directory; `options` are lines of Lua inside the braces of `box.cfg`. */
export const openWithTarantool: OpenDirectory = async (directory, options = []) => {
  const program = findTarantool();
  if (program === null) throw new Error('there is no tarantool to start');
  const file = `${directory}.lua`;
  writeFileSync(
    file,
    `box.cfg{ listen = '127.0.0.1:0', memtx_memory = 128 * 1024 * 1024, ${options.join(' ')} }
     box.schema.user.grant('guest', 'super', nil, nil, { if_not_exists = true })
     io.stdout:write('ready on ', box.info.listen, '\\n') io.stdout:flush()`,
  );
  const child = startProcess(program.path, [file], { cwd: directory });
  const ready = await child.waitForLine(/ready on \S*:(\d+)\n/, START_TIMEOUT_MS);
  return serverOf('tarantool', directory, `127.0.0.1:${ready[1]!}`, child, () => rmSync(file, { force: true }));
};

function serverOf(
  name: string,
  directory: string,
  address: string,
  child: ServerProcess,
  onEnd: () => void,
): DirectoryServer {
  return {
    name,
    directory,
    pid: child.pid,
    address,
    log: child.log,
    exited: child.exited,
    waitForLine: child.waitForLine,
    stop: async () => {
      await child.stop();
      onEnd();
    },
    kill: async () => {
      if (!child.exited()) process.kill(child.pid, 'SIGKILL');
      while (!child.exited()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      onEnd();
    },
  };
}

/** Has a snapshot made of what was written since the last one, and waits until it is there. */
export async function makeSnapshot({ pid, directory }: DirectoryServer): Promise<void> {
  const names = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.snap'));
  const before = new Set(names());
  process.kill(pid, 'SIGUSR1');
  while (names().every((name) => before.has(name))) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

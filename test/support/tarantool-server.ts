/** A real Tarantool for tests, in a temporary directory, on a loopback port that the server itself chooses. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProcess, temporaryDirectory } from './child-server.ts';
import { ADMIN_PASSWORD, type TestServer, type Trust } from './test-server.ts';

const START_TIMEOUT_MS = 30_000;

/** The path of the program named by TARANTOOL, else the one on PATH; null without one. `version` as it prints it. */
export function findTarantool(): Readonly<{ path: string; version: string }> | null {
  const path = process.env['TARANTOOL'] ?? 'tarantool';
  try {
    const output = execFileSync(path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return { path, version: /^Tarantool (\S+)/.exec(output)?.[1] ?? 'unknown' };
  } catch {
    return null;
  }
}

export type TarantoolOptions = Readonly<{
  trust?: Trust;
  /** Lua inside the braces of box.cfg, for example `replication_timeout = 0.1,`. */
  configuration?: string;
  /** Lua to run after box.cfg. */
  script?: string;
}>;

/** Starts an instance and resolves when its script has run. */
export async function startTarantool(options: TarantoolOptions = {}): Promise<TestServer> {
  const program = findTarantool();
  if (program === null) throw new Error('there is no tarantool to start');
  const directory = await temporaryDirectory('tarantool');
  const rights =
    (options.trust ?? 'open') === 'open'
      ? "box.schema.user.grant('guest', 'super')"
      : `box.schema.user.passwd('admin', '${ADMIN_PASSWORD}')`;
  const script = `
box.cfg{ listen = '127.0.0.1:0', memtx_memory = 128 * 1024 * 1024, log_level = 4, ${options.configuration ?? ''} }
${rights}
${options.script ?? ''}
io.stdout:write('ready on ', box.info.listen, '\\n')
io.stdout:flush()
`;
  const file = join(directory.path, 'init.lua');
  await writeFile(file, script);
  const child = startProcess(program.path, [file], { cwd: directory.path });
  const stop = async (): Promise<void> => {
    await child.stop();
    await directory.remove();
  };
  try {
    const match = await child.waitForLine(/ready on \S*:(\d+)\n/, START_TIMEOUT_MS);
    return {
      name: `tarantool ${program.version}`,
      pid: child.pid,
      port: Number(match[1]),
      directory: directory.path,
      log: child.log,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The command `picodata` as a process of a test, in a directory of its own and without variables of the developer. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/env/node/index.ts';

export const PROGRAM = join(packageRoot(), 'bin', 'picodata');
export const LAUNCHER = join(packageRoot(), 'bin', 'launch.cjs');

const END_TIMEOUT_MS = 60_000;
const READY = /ready to accept requests/;

export type Ended = Readonly<{ code: number | null; signal: string | null; stdout: string; stderr: string }>;

export type CommandOptions = Readonly<{
  env?: Readonly<Record<string, string>>;
  /** Instead of `bin/picodata`. */
  program?: string;
}>;

/** A running command. */
export class Command {
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  #isEnded = false;

  constructor(args: readonly string[], cwd: string, { env = {}, program = PROGRAM }: CommandOptions) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PICODATA_'));
    this.#child = spawn(program, [...args], {
      cwd,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#notify();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#notify();
    });
    const timer = setTimeout(() => this.kill('SIGKILL'), END_TIMEOUT_MS);
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (code, signal) => {
        clearTimeout(timer);
        this.#isEnded = true;
        this.#notify();
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Resolves when the text of both outputs matches; rejects when the command ends before that. */
  waitFor(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const match = pattern.exec((this.stdout + this.stderr).slice(from));
        if (match === null && !this.#isEnded) return;
        this.#listeners.delete(check);
        if (match !== null) resolve(match);
        else reject(new Error(`no ${pattern} in:\n${this.stdout}${this.stderr}`));
      };
      this.#listeners.add(check);
      check();
    });
  }

  /** Resolves with the address that it listens on. */
  async ready(): Promise<string> {
    await this.waitFor(READY);
    return /listening on (\S+)/.exec(this.stderr)?.[1] ?? '';
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** A directory for one test; `close` ends what still runs in it and removes it. */
export class CommandFixture {
  readonly directory = mkdtempSync(join(tmpdir(), 'picodata-cli-'));
  readonly #commands: Command[] = [];

  path(name: string): string {
    return join(this.directory, name);
  }

  start(args: readonly string[], options: CommandOptions = {}): Command {
    const command = new Command(args, this.directory, options);
    this.#commands.push(command);
    return command;
  }

  /** `picodata run` in the directory `data` on a free port of the loopback. */
  run(args: readonly string[] = [], options: CommandOptions = {}): Command {
    return this.start(['run', '--data-dir', 'data', '--listen', '127.0.0.1:0', ...args], options);
  }

  async close(): Promise<void> {
    for (const command of this.#commands) command.kill('SIGKILL');
    await Promise.all(this.#commands.map((command) => command.ended));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/**
 * Runs the blocks of a document as a reader would who typed them in a clone: in a directory of its own that has the
 * project's files and no data, with the ports of the text exchanged for free ones.
 *
 * `npm ci` is left out of the commands: it made the build that is tried here.
 */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/env/node/index.ts';
import { freePort, type ServerProcess, startProcess, temporaryDirectory } from '../support/child-server.ts';

const PORTS_IN_TEXT = ['3301', '3302', '3303'];
/** What a clone with `npm ci` done has, as far as a tour uses it. */
const PROJECT_FILES = ['package.json', 'bin', 'dist', 'node_modules', 'examples'];
const START_TIMEOUT_MS = 60_000;
const STEP_TIMEOUT_MS = 60_000;
const START_ATTEMPTS = 3;
const READY = /ready to accept requests/;
const READY_BESIDE = / is ready\n/;
const TAKEN_PORT = /address already in use\D*[\d.]*:(\d+)/;
/** Of a text and of its further lines; a line of the log may stand behind it. */
const PROMPT = /(?:picodata|^ {8})> /m;
/** The same of `tarantoolctl connect`. */
const CONNECTED_PROMPT = /^(?:localhost:\d+|\s+)> /m;
const TERMINAL_CODES = /\u001b\[[\d;?]*[A-Za-z]|\r/g;

/** Whether commands can be given a terminal, which the console needs: by the program of util-linux. */
export const hasTerminals = spawnSync('script', ['--version']).stdout?.includes('util-linux') === true;

export class Tour {
  readonly #directory: string;
  readonly #remove: () => Promise<void>;
  readonly #files = new Map<string, string>();
  /** In the place of each port of the text. */
  readonly #ports: Map<string, string>;
  readonly #beside: ServerProcess[] = [];
  #server: TourTerminal | null = null;
  #connected: TourTerminal | null = null;

  private constructor(directory: string, remove: () => Promise<void>, ports: Map<string, string>) {
    this.#directory = directory;
    this.#remove = remove;
    this.#ports = ports;
  }

  static async open(): Promise<Tour> {
    const { path, remove } = await temporaryDirectory('tour');
    for (const name of PROJECT_FILES) symlinkSync(join(packageRoot(), name), join(path, name));
    const ports = new Map<string, string>();
    for (const port of PORTS_IN_TEXT) ports.set(port, String(await freePort()));
    return new Tour(path, remove, ports);
  }

  async close(): Promise<void> {
    await Promise.all(this.#beside.map((server) => server.stop()));
    this.#connected?.end();
    await this.#server?.kill();
    await this.#remove();
  }

  writeFile(name: string, text: string): void {
    this.#files.set(name, text);
    writeFileSync(join(this.#directory, name), this.atPorts(text));
  }

  /** Starts the instance, once the one before has ended; resolves when it is ready. */
  async start(command: string): Promise<void> {
    await this.#server?.waitForEnd();
    const withoutInstall = command.replace('npm ci && ', '');
    for (let attempt = 1; ; attempt++) {
      this.#server = new TourTerminal(this.atPorts(withoutInstall), this.#directory, this.#environment());
      try {
        await this.#server.waitFor(READY, START_TIMEOUT_MS);
        return;
      } catch (error) {
        await this.#server.kill();
        if (attempt === START_ATTEMPTS || !String(error).includes('address already in use')) throw error;
        await this.#takeAnotherPort(PORTS_IN_TEXT[0]!);
      }
    }
  }

  /** Starts a command beside the others; resolves when its log says that it is ready. */
  async startBeside(command: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const options = { cwd: this.#directory, env: this.#environment() };
      const server = startProcess('sh', ['-c', `exec ${this.atPorts(command)}`], options);
      try {
        await server.waitForLine(READY_BESIDE, START_TIMEOUT_MS);
        this.#beside.push(server);
        return;
      } catch (error) {
        await server.stop();
        const taken = TAKEN_PORT.exec(server.log())?.[1];
        const inText = [...this.#ports].find(([, port]) => port === taken)?.[0];
        if (attempt === START_ATTEMPTS || inText === undefined) throw error;
        await this.#takeAnotherPort(inText);
      }
    }
  }

  /** Runs a shell command; resolves with what it printed. Rejects if its exit code is not 0. */
  run(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { cwd: this.#directory, env: this.#environment(), timeout: STEP_TIMEOUT_MS };
      execFile('sh', ['-e', '-c', this.atPorts(command)], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${error.message}\n${stdout}${stderr}\n${this.#logs()}`));
      });
    });
  }

  /** Types lines into the console; resolves with what was printed. */
  async type(lines: string): Promise<string> {
    const server = this.#server;
    if (server === null) throw new Error('there is no instance whose console could be typed into');
    const from = server.text.length;
    for (const line of lines.split('\n')) await server.type(line, PROMPT);
    return server.text.slice(from);
  }

  /** Types lines into Tarantool's console, connected to the instance; resolves with what was printed. */
  async typeConnected(lines: string): Promise<string> {
    const command = this.atPorts(`tarantoolctl connect localhost:${PORTS_IN_TEXT[0]}`);
    const console = new TourTerminal(command, this.#directory, this.#environment());
    this.#connected = console;
    await console.waitFor(CONNECTED_PROMPT, STEP_TIMEOUT_MS);
    const from = console.text.length;
    for (const line of lines.split('\n')) await console.type(line, CONNECTED_PROMPT);
    console.end();
    return console.text.slice(from);
  }

  #logs(): string {
    return [this.#server?.text ?? '', ...this.#beside.map((server) => server.log())].join('\nan instance:\n');
  }

  #environment(): Record<string, string> {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(?:PICODATA|npm|VITEST)_/.test(name));
    const addresses = PORTS_IN_TEXT.map((port) => `localhost:${this.#ports.get(port)}`);
    const own = {
      PICODATA_LISTEN: addresses[0]!,
      CONFIGURATION_STORE: addresses.join(),
      TERM: 'dumb',
      NODE_OPTIONS: '',
    };
    return { ...Object.fromEntries(inherited.map(([name, value]) => [name, value ?? ''])), ...own };
  }

  /** The text with the ports of this tour. */
  atPorts(text: string): string {
    return text.replaceAll(/\b\d+\b/g, (number) => this.#ports.get(number) ?? number);
  }

  async #takeAnotherPort(inText: string): Promise<void> {
    this.#ports.set(inText, String(await freePort()));
    for (const [name, text] of this.#files) this.writeFile(name, text);
  }
}

/** A running command, on a terminal where there are some. */
class TourTerminal {
  readonly #directory: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #isEnded = false;
  #onChange: () => void = () => undefined;
  text = '';

  constructor(command: string, directory: string, env: Record<string, string>) {
    this.#directory = directory;
    const [program, args] = hasTerminals
      ? ['script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null']]
      : ['sh', ['-c', command]];
    this.#child = spawn(program, args, { cwd: directory, env, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.text += chunk.replace(TERMINAL_CODES, '');
        this.#onChange();
      });
    }
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', () => {
        this.#isEnded = true;
        this.#onChange();
        resolve();
      });
    });
  }

  /** Resolves when the text behind `from` matches. Rejects when the command ends before, or the time is over. */
  waitFor(pattern: RegExp, timeoutMs: number, from = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (problem: string | null): void => {
        clearTimeout(timer);
        this.#onChange = () => undefined;
        if (problem === null) resolve();
        else reject(new Error(`${problem}; the instance:\n${this.text}`));
      };
      const timer = setTimeout(() => finish(`no ${pattern} in time`), timeoutMs);
      this.#onChange = () => {
        if (pattern.test(this.text.slice(from))) finish(null);
        else if (this.#isEnded) finish(`it ended before ${pattern}`);
      };
      this.#onChange();
    });
  }

  /** Types a line and waits until the console asks for the next one, or has ended after `\quit`. */
  async type(line: string, prompt: RegExp): Promise<void> {
    await this.waitFor(prompt, STEP_TIMEOUT_MS);
    const from = this.text.length;
    this.#child.stdin?.write(`${line}\r`);
    if (line === '\\quit') await this.waitForEnd();
    else await this.waitFor(prompt, STEP_TIMEOUT_MS, from);
  }

  async waitForEnd(): Promise<void> {
    if (!this.#isEnded) await this.waitFor(/(?!)/, STEP_TIMEOUT_MS).catch(() => undefined);
    if (!this.#isEnded) throw new Error(`the instance does not end; it printed:\n${this.text}`);
  }

  /** Closes its terminal. */
  end(): void {
    this.#child.stdin?.end();
    this.#child.kill('SIGTERM');
  }

  /** The instance names itself in its lock file; the commands around it end with it. */
  async kill(): Promise<void> {
    if (this.#isEnded) return;
    const holder = /^\d+/.exec(readLock(join(this.#directory, 'data', 'picodata.lock')))?.[0];
    try {
      if (holder !== undefined) process.kill(Number(holder), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}

function readLock(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

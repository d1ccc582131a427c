/**
 * The database that a script's `box.cfg` starts and changes: options of Tarantool's names become an instance's.
 * Invariant: nothing of the instance is there before the first `box.cfg`, and a second one changes the same instance.
 */
import { bytesOfByteText, fromByteText, toByteText } from '../../base/index.ts';
import {
  BoxConfiguration,
  type CfgValues,
  type EngineControl,
  LuaBox,
  type LuaFunction,
  type LuaMachine,
  type LuaValue,
} from '../../app/lua/index.ts';
import type { CommandLine, Env } from '../../env/index.ts';
import { formatAddress } from '../../client/index.ts';
import type { Box, Session } from '../../engine/box/index.ts';
import type { WalMode } from '../../engine/wal/index.ts';
import { randomUuid } from '../identity.ts';
import { Instance, startFailureText } from '../instance.ts';
import {
  changeInstance,
  listenAddressOf,
  logLevelOf,
  replicationOptionsOf,
  thresholdOf,
} from '../lua-configuration.ts';
import { DEFAULT_REPLICATION_OPTIONS } from '../../replication/index.ts';
import { DEFAULT_INSTANCE_OPTIONS, type InstanceOptions } from '../options.ts';

export type EngineHandlers = Readonly<{
  /** The database runs from now on. */
  onStarted: (instance: Instance) => void;
  /** It cannot go on: the process should end. */
  onFailure: (error: Error) => void;
  /** The log goes to this file from now on; null: to standard error. Throws FileError. */
  openLog: (path: string | null, format: 'plain' | 'json') => void;
}>;

export class TarantoolEngine implements EngineControl {
  readonly #env: Env;
  readonly #handlers: EngineHandlers;
  readonly #commandLine: CommandLine;
  readonly #configuration: BoxConfiguration;
  readonly #luaBox: LuaBox;
  readonly #configure: LuaFunction;
  #instance: Instance | null = null;
  /** From when its engine is there. */
  #opened: Instance | null = null;
  #isStopped = false;
  #session: Session | null = null;
  #pidFile: string | null = null;
  /** Called when the database stops. */
  onStop: () => void = () => undefined;

  constructor(env: Env, machine: LuaMachine, commandLine: CommandLine, handlers: EngineHandlers) {
    this.#env = env;
    this.#handlers = handlers;
    this.#commandLine = commandLine;
    this.#configuration = new BoxConfiguration(this);
    this.#configure = this.#configuration.callable(() => undefined);
    this.#luaBox = new LuaBox(machine);
  }

  get isRunning(): boolean {
    return this.#instance !== null;
  }

  get box(): Box | null {
    return this.#instance?.box ?? null;
  }

  /** Of the console, as admin; null before the database runs. */
  get session(): Session | null {
    return this.#session;
  }

  /** Puts the global `box` in place, as it is before `box.cfg`. */
  install(): void {
    this.#luaBox.installUnconfigured(this.#configure);
  }

  async start(values: CfgValues): Promise<void> {
    const options = this.#optionsOf(values);
    this.#prepare(values);
    let instance: Instance;
    try {
      instance = await Instance.start(this.#env, options, {
        onFailure: (error) => this.#handlers.onFailure(error),
        functionBodies: this.#luaBox.functions,
        onEngineReady: (_box, opened) => {
          this.#opened = opened;
        },
        onSchemaInit: (box) => {
          this.#enter(box, options);
          for (const trigger of this.#luaBox.onSchemaInit.functions) this.#luaBox.foundation.runNow(trigger, []);
        },
      });
    } catch (error) {
      // Whoever stops it ends the process, and nobody waits for `box.cfg` any more.
      if (this.#isStopped) return new Promise(() => undefined);
      this.install();
      throw new Error(startFailureText(error));
    }
    this.#instance = instance;
    this.#handlers.onStarted(instance);
  }

  /** Puts the whole `box` in place: triggers that are set before there are data use it. */
  #enter(box: Box, options: InstanceOptions): void {
    this.#session = box.sessions.open('console', '', box.adminSession.user);
    const { calls } = this.#luaBox.install(box, {
      configuration: this.#configuration.running(this.#configure),
      waitsForLog: options.walMode !== 'none',
      facts: {
        status: () => (this.#instance?.replication.isOrphan === true ? 'orphan' : 'running'),
        listen: () => this.#instance?.addresses.map(formatAddress)[0] ?? null,
        replicaId: () => this.#instance?.replication.members.ownId ?? 0,
        sections: {},
      },
    });
    box.functionCaller = calls;
  }

  async change(name: string, value: LuaValue): Promise<void> {
    if (this.#instance !== null) await changeInstance(this.#instance, name, value);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.onStop();
    await this.#opened?.stop();
    if (this.#pidFile !== null) this.#env.files.remove(this.#pidFile);
    this.#pidFile = null;
  }

  /** What concerns the process: its directory, its log, its pid file, and whether it stays in the foreground. */
  #prepare(values: CfgValues): void {
    const commandLine = this.#commandLine;
    const { files } = this.#env;
    const [logPath, pidFile, workDirectory] = [
      textOf(values, 'log'),
      textOf(values, 'pid_file'),
      textOf(values, 'work_dir'),
    ];
    const log = logPath === null ? null : logFileOf(logPath);
    if (values.get('background') === true && !commandLine.isBackground) {
      if (log === null) throw new Error("'background' requires 'log' configuration option to be set");
      if (pidFile === null) throw new Error("'background' requires 'pid_file' configuration option to be set");
      commandLine.respawnInBackground(log.startsWith('/') ? log : files.join(workDirectory ?? '.', log));
      commandLine.exit(0);
    }
    if (workDirectory !== null) commandLine.changeDirectory(workDirectory);
    this.#handlers.openLog(
      log === null ? null : files.absolute(log),
      values.get('log_format') === 'json' ? 'json' : 'plain',
    );
    this.#env.log.level = logLevelOf(values.get('log_level'));
    if (pidFile !== null) {
      writeText(this.#env, pidFile, `${this.#env.process.pid}\n`);
      this.#pidFile = files.absolute(pidFile);
    }
  }

  #optionsOf(values: CfgValues): InstanceOptions {
    const text = (name: string): string => String(values.get(name));
    const number = (name: string): number => Number(values.get(name));
    if (values.get('wal_dir') !== values.get('memtx_dir')) {
      throw new Error("Incorrect value for option 'wal_dir': must be the same directory as memtx_dir here");
    }
    const cleanupDelay = values.get('wal_cleanup_delay');
    return {
      ...DEFAULT_INSTANCE_OPTIONS,
      dataDir: text('memtx_dir'),
      listen: listenAddressOf(values.get('listen')),
      trust: { kind: 'stored' },
      uuids: {
        instance: uuidOf(this.#env, values.get('instance_uuid')),
        replicaset: uuidOf(this.#env, values.get('replicaset_uuid')),
      },
      memtxMemoryBytes: number('memtx_memory'),
      memtxMaxTupleSizeBytes: number('memtx_max_tuple_size'),
      netMsgMax: number('net_msg_max'),
      walMode: text('wal_mode') as WalMode,
      walMaxSizeBytes: number('wal_max_size'),
      checkpointIntervalSeconds: number('checkpoint_interval'),
      checkpointWalThresholdBytes: thresholdOf(values.get('checkpoint_wal_threshold')),
      checkpointCount: number('checkpoint_count'),
      forceRecovery: values.get('force_recovery') === true,
      readOnly: values.get('read_only') === true,
      replication: { ...DEFAULT_REPLICATION_OPTIONS, ...replicationOptionsOf(values) },
      ...(typeof cleanupDelay === 'number' ? { walCleanupDelaySeconds: cleanupDelay } : {}),
    };
  }
}

function uuidOf(env: Env, value: LuaValue): string {
  return typeof value === 'string' ? value : randomUuid(env.random);
}

function textOf(values: CfgValues, name: string): string | null {
  const value = values.get(name);
  return typeof value === 'string' ? fromByteText(value) : null;
}

/** Throws for a log that is no file. */
function logFileOf(log: string): string {
  const file = log.replace(/^file:/, '');
  if (!/^(?:\||pipe:|syslog:)/.test(file)) return file;
  throw new Error("Incorrect value for option 'log': only files are supported here");
}

function writeText(env: Env, path: string, text: string): void {
  const bytes = bytesOfByteText(toByteText(text));
  const file = env.files.open(path, 'update');
  try {
    file.truncate(0);
    file.write(bytes, 0, bytes.length, 0);
  } finally {
    file.close();
  }
}

/**
 * One run of the workload: phases of load under faults, each ended by a kill, a power cut or a clean stop, and after
 * each start the check of what is there against what every client was told.
 *
 * What is promised after a restart: everything acknowledged, nothing refused, and of what nobody knows any part, each
 * request wholly or not at all. After a power cut in wal_mode write the promise is less: the state of one earlier
 * moment. If what survived of the log has a hole, the start is refused until recovery is forced, and then only the
 * agreement of indexes is checked.
 */
import { SeededRandom } from '../../../src/base/index.ts';
import { connect, type Connection } from '../../../src/client/index.ts';
import { runCheckpointWorker, runReadingWorker } from '../../../src/engine/checkpoint/index.ts';
import { runLogWorker } from '../../../src/engine/wal/index.ts';
import { SimulatedWorld, type SimulatedHost, type WorkerEntry, type WorldOptions } from '../../env/index.ts';
import { audit, completeSchema, repairSequence, type Findings } from './audit.ts';
import { emptyCounts, type RunCounts } from './counts.ts';
import { Counters, startCounterClient } from './counter-client.ts';
import { filesOf, hasLost } from '../common/disk-inspection.ts';
import { clearDiskFaults, drawIncidents, setDiskFaults } from './faults.ts';
import { ViolationError } from '../common/violation.ts';
import type { Promised } from './history.ts';
import { RowClient } from './row-client.ts';
import { startSchemaClient } from './schema-client.ts';
import { isDamage, isDiskFailure } from '../common/start-failures.ts';
import { DATA_DIRECTORY, PORT, SimulatedServer } from './server.ts';
import { Shop } from '../common/shop.ts';
import { EMPTY_STATE } from './state.ts';
import { startTicketClient, Tickets } from './ticket-client.ts';

const ROW_CLIENTS = 6;
const COUNTER_CLIENTS = 3;
const CONNECTIONS = 3;
const REQUEST_TIMEOUT_MS = 250;
const AUDIT_MS_MAX = 60_000;
const IDLE_MS_MAX = 10_000;
const START_ATTEMPTS = 5;
/** Rows of the log and snapshots are checked with blocks of real size, so files are kept small. */
const WAL_SIZES_BYTES = [2_000, 8_000, 40_000, 1_000_000] as const;

export type RunOptions = WorldOptions &
  Readonly<{
    /** What runs as the log worker instead; for tests of the simulation itself. */
    logWorker?: WorkerEntry;
    walMode?: 'write' | 'fsync';
  }>;

export type RunResult = Readonly<{ seed: number; counts: RunCounts; digest: string; virtualMs: number }>;

/** What the end of a phase did to the disk. */
type Ending = 'kill' | 'crash' | 'stop';

/** Runs one seed to its end. Rejects with ViolationError, or whatever broke. */
export async function runSingleInstance(seed: number, options: RunOptions = {}): Promise<RunResult> {
  return new Run(seed, options).run();
}

class Run {
  readonly #world: SimulatedWorld;
  readonly #random: SeededRandom;
  readonly #counts = emptyCounts();
  readonly #server: SimulatedServer;
  readonly #clientHost: SimulatedHost;
  readonly #shop: Shop<RunCounts>;
  readonly #rowClients: RowClient[] = [];
  readonly #counters = new Counters();
  readonly #tickets = new Tickets();
  readonly #connections: Connection[] = [];
  readonly #connectAuditor: () => Promise<Connection>;
  #seenFiles = new Set<string>();
  /** Whether the power was cut since the last check, and whether that may have cost acknowledged rows. */
  #hasLostPower = false;

  constructor(seed: number, options: RunOptions) {
    this.#world = new SimulatedWorld(seed, options);
    this.#world.registerWorkerEntry('log', options.logWorker ?? runLogWorker);
    this.#world.registerWorkerEntry('checkpoint', runCheckpointWorker);
    this.#world.registerWorkerEntry('recovery', runReadingWorker);
    this.#random = new SeededRandom(this.#world.random.uint32());
    const random = this.#random;
    const settings = {
      walMode: random.pick(['write', 'fsync'] as const),
      walMaxSizeBytes: random.pick(WAL_SIZES_BYTES),
      checkpointCount: 1 + random.below(2),
      checkpointWalThresholdBytes: random.chance(0.3) ? 20_000 : 0,
    };
    const host = this.#world.addHost('server', { longestSyncMs: random.pick([0.5, 2, 10]) });
    this.#server = new SimulatedServer(
      this.#world,
      host,
      { ...settings, walMode: options.walMode ?? settings.walMode },
      this.#counts,
    );
    this.#clientHost = this.#world.addHost('clients');
    const env = this.#clientHost.createEnv();
    this.#shop = new Shop(this.#counts, env.timers, new SeededRandom(random.uint32()));
    const address = { kind: 'tcp', host: 'server', port: PORT } as const;
    const link = { address, fetchSchema: false, connectTimeoutMs: 100, requestTimeoutMs: REQUEST_TIMEOUT_MS };
    for (let index = 0; index < CONNECTIONS; index++) {
      void connect(env, { ...link, reconnectAfterMs: 15, waitConnected: false }).then((connection) =>
        this.#connections.push(connection),
      );
    }
    this.#connectAuditor = () => connect(env, { ...link, connectTimeoutMs: 1000, requestTimeoutMs: 10_000 });
  }

  async run(): Promise<RunResult> {
    const onRejection = (reason: unknown): void => {
      this.#world.fail(new Error('a promise was rejected and nobody looked', { cause: reason }));
    };
    process.on('unhandledRejection', onRejection);
    try {
      const phases = 2 + this.#random.below(4);
      await this.#startClients();
      for (let phase = 0; phase < phases; phase++) {
        await this.#startServer(phase);
        await this.#check(false);
        await this.#phase();
      }
      await this.#finish();
      await new Promise((resolve) => setImmediate(resolve));
      await this.#world.run(this.#world.nowMs + 1);
    } finally {
      process.off('unhandledRejection', onRejection);
      for (const connection of this.#connections) connection.close();
    }
    return {
      seed: this.#world.seed,
      counts: this.#counts,
      digest: this.#world.traceDigest(),
      virtualMs: this.#world.nowMs,
    };
  }

  async #startClients(): Promise<void> {
    await this.#world.runUntil(() => this.#connections.length === CONNECTIONS, 100);
    const connection = (index: number): Connection => this.#connections[index % CONNECTIONS]!;
    for (let index = 0; index < ROW_CLIENTS; index++) {
      this.#rowClients.push(new RowClient(this.#shop, connection(index), index + 1));
    }
    for (let index = 0; index < COUNTER_CLIENTS; index++) {
      startCounterClient(this.#shop, connection(index), `counter ${index}`, this.#counters);
    }
    startTicketClient(this.#shop, connection(1), this.#tickets);
    startSchemaClient(this.#shop, connection(2));
  }

  /** Starts the instance; sometimes it is ended in the midst of its start, and has to start again. */
  async #startServer(phase: number): Promise<void> {
    const { host } = this.#server;
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
      const isDisturbed = attempt < START_ATTEMPTS - 2 && this.#random.chance(0.3);
      if (isDisturbed) this.#disturbStart(phase);
      const outcome = await this.#server.start(false);
      if (!host.isUp) this.#hasLostPower = true;
      this.#throwUnexpected();
      clearDiskFaults(host);
      if (outcome.kind === 'started') return;
      if (outcome.kind === 'ended' || (isDisturbed && isDiskFailure(outcome.error))) continue;
      if (!isDamage(outcome.error) || !this.#mayHaveHoles()) {
        throw new ViolationError(`the instance refused to start: ${outcome.error.message}`, { cause: outcome.error });
      }
      this.#counts.forcedRecoveries++;
      const forced = await this.#server.start(true);
      if (forced.kind === 'failed') throw new ViolationError('even a forced start failed', { cause: forced.error });
      if (forced.kind === 'ended') continue;
      await this.#check(true);
      await this.#withAuditor(repairSequence);
      // As an operator does: what is damaged is not read again once there is a newer snapshot.
      await this.#drive(() => forced.instance.checkpoint());
      return;
    }
    throw new ViolationError('the instance did not start');
  }

  #disturbStart(phase: number): void {
    const { host } = this.#server;
    const atMs = this.#world.nowMs + this.#random.fraction() * (phase === 0 ? 120 : 60);
    const isCrash = this.#random.chance(0.5);
    switch (this.#random.below(3)) {
      case 0:
        host.faults.add({
          operations: ['write', 'sync', 'rename', 'syncDirectory', 'open', 'remove', 'makeDirectories'],
          probability: 0.1,
          times: 1,
          effect: this.#random.chance(0.5) ? { kind: 'crash' } : { kind: 'error', code: 'EIO' },
        });
        return;
      default:
        this.#world.schedule(atMs, 'disturb the start', null, () => {
          if (this.#server.instance === null) void this.#end(isCrash ? 'crash' : 'kill');
        });
    }
  }

  /** In wal_mode write a power cut may leave any part of what was not synced. */
  #mayHaveHoles(): boolean {
    return this.#hasLostPower && this.#server.settings.walMode === 'write';
  }

  async #phase(): Promise<void> {
    const durationMs = 30 + this.#random.below(250);
    const endMs = this.#world.nowMs + durationMs;
    const isCalm = this.#random.chance(0.2);
    if (!isCalm) setDiskFaults(this.#random, this.#server);
    const incidents = isCalm
      ? []
      : drawIncidents(this.#random, this.#world, this.#server, this.#clientHost, durationMs, () => {
          this.#counts.brokenConnections++;
        });
    this.#shop.isPaused = false;
    const isOver = (): boolean => !this.#server.host.isRunning || this.#shop.failure !== null;
    for (const { atMs, run } of [...incidents, { atMs: endMs, run: () => undefined }]) {
      if (isOver()) break;
      await this.#world.runUntil(isOver, atMs - this.#world.nowMs);
      if (!isOver()) run();
      this.#countFiles();
    }
    this.#throwUnexpected();
    await this.#end(this.#random.pick(['kill', 'crash', 'stop'] as const));
    await this.#pause();
  }

  /** Ends the instance, unless it has ended by itself. */
  async #end(ending: Ending): Promise<void> {
    const { host } = this.#server;
    this.#countFiles();
    if (host.isUp && host.isRunning && ending === 'stop') {
      if (await this.#server.stop()) this.#counts.cleanStops++;
      this.#throwUnexpected();
      // The power may be cut in the midst of it.
      if (host.isUp) return;
    }
    if (!host.isUp) {
      this.#counts.machineCrashes++;
      this.#hasLostPower = true;
      return;
    }
    if (ending === 'crash') {
      const before = filesOf(host, DATA_DIRECTORY);
      host.crash();
      this.#counts.machineCrashes++;
      if (hasLost(before, filesOf(host, DATA_DIRECTORY))) this.#counts.crashesWithLostSync++;
      this.#hasLostPower = true;
      return;
    }
    host.kill();
    this.#counts.kills++;
  }

  /** Waits until no client has anything under way: from then on nothing old can reach the server. */
  async #pause(): Promise<void> {
    this.#shop.isPaused = true;
    this.#world.internet.heal();
    if (!(await this.#world.runUntil(() => this.#shop.isIdle, IDLE_MS_MAX))) {
      throw new ViolationError('a request never came to an end');
    }
    this.#throwUnexpected();
    clearDiskFaults(this.#server.host);
  }

  /** Compares what the instance holds with what the clients know. */
  async #check(isForced: boolean): Promise<Findings> {
    const findings = await this.#audit();
    const promise: Promised = isForced ? 'nothing' : this.#mayHaveHoles() ? 'earlier moment' : 'everything';
    const hasLostPower = this.#hasLostPower;
    if (promise === 'earlier moment') this.#checkPrefix(findings);
    for (const client of this.#rowClients) {
      const state = findings.states.get(client.group) ?? EMPTY_STATE;
      if (promise === 'everything') client.history.found(state, hasLostPower);
      else client.history.startAnew(state);
    }
    this.#counters.found(findings.counters, promise, hasLostPower);
    this.#tickets.found(findings.tickets, promise, hasLostPower);
    this.#hasLostPower = false;
    return findings;
  }

  /** All rows are of one moment: nothing is there that is younger than something acknowledged that is missing. */
  #checkPrefix(findings: Findings): void {
    const places = this.#rowClients.map((client) =>
      client.history.placesOf(findings.states.get(client.group) ?? EMPTY_STATE),
    );
    const moment = Math.max(...places.map(({ earliest }) => earliest));
    this.#rowClients.forEach(({ history }, index) => {
      const needed = history.newestAcknowledgedBefore(moment);
      if (places[index]!.latest < needed) {
        throw new ViolationError(`${history.name}: a request of ${needed} is lost, and one of ${moment} is there`);
      }
    });
  }

  #audit(): Promise<Findings> {
    return this.#withAuditor(async (auditor) => {
      await completeSchema(auditor);
      return audit(auditor);
    });
  }

  #withAuditor<Result>(work: (auditor: Connection) => Promise<Result>): Promise<Result> {
    return this.#drive(async () => {
      const auditor = await this.#connectAuditor();
      try {
        return await work(auditor);
      } finally {
        auditor.close();
      }
    });
  }

  /** The last check: what memory holds is what a restart finds, row by row, and so is where the log stands. */
  async #finish(): Promise<void> {
    await this.#startServer(1);
    await this.#check(false);
    this.#shop.isPaused = false;
    await this.#world.runUntil(() => this.#shop.failure !== null, 40);
    if (this.#random.chance(0.5)) this.#server.checkpoint();
    await this.#world.runUntil(() => this.#shop.failure !== null, 40);
    await this.#pause();
    const before = await this.#check(false);
    const vclock = this.#server.instance?.box.vclock() ?? [];
    const isSafe = this.#server.settings.walMode === 'fsync';
    const ending: Ending = this.#random.pick(['kill', 'stop', isSafe ? 'crash' : 'kill']);
    await this.#end(ending);
    const outcome = await this.#server.start(false);
    if (outcome.kind !== 'started') throw new ViolationError(`the last start: ${JSON.stringify(outcome)}`);
    const after = await this.#check(false);
    if (after.dump !== before.dump) throw new ViolationError(differences(before.dump, after.dump));
    const recovered = outcome.instance.box.vclock();
    if (String(recovered) !== String(vclock))
      throw new ViolationError(`vclock ${String(vclock)}, recovered ${String(recovered)}`);
    this.#countFiles();
    this.#server.host.kill();
  }

  async #drive<Result>(work: () => Promise<Result>): Promise<Result> {
    let settled: PromiseSettledResult<Result> | null = null;
    void Promise.allSettled([work()]).then(([result]) => {
      settled = result;
    });
    await this.#world.runUntil(() => settled !== null || !this.#server.host.isRunning, AUDIT_MS_MAX);
    this.#throwUnexpected();
    const result = settled as PromiseSettledResult<Result> | null;
    if (result === null) throw new ViolationError('the audit does not end');
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }

  #countFiles(): void {
    const names = new Set(filesOf(this.#server.host, DATA_DIRECTORY).map(({ name }) => name));
    for (const name of names) {
      if (!this.#seenFiles.has(name) && name.endsWith('.xlog') && this.#seenFiles.size > 0) this.#counts.rotations++;
    }
    for (const name of this.#seenFiles) if (!names.has(name) && name.endsWith('.snap')) this.#counts.collectedFiles++;
    this.#seenFiles = names;
  }

  #throwUnexpected(): void {
    if (this.#shop.failure !== null) throw this.#shop.failure;
    if (this.#server.unexpected !== null) throw this.#server.unexpected;
  }
}

function differences(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const [oldLines, nowLines] = [new Set(old), new Set(now)];
  const gone = old.filter((line) => !nowLines.has(line)).map((line) => `- ${line}`);
  const come = now.filter((line) => !oldLines.has(line)).map((line) => `+ ${line}`);
  return ['what memory held is not what was recovered:', ...gone, ...come].join('\n');
}

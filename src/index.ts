/**
 * Picodata as a library: an instance inside a program (`startInstance`), procedures that run in an instance
 * (`defineProcedure`), and a client for this and for Tarantool (`connect`). Everything public is exported here.
 */
import {
  createLocalApi,
  type KeyFunctionDefinition,
  type LocalApi,
  type ProcedureDefinition,
  registerProcedure,
} from './app/procedures/index.ts';
import {
  connect as connectWith,
  connectPool as connectPoolWith,
  type Connection,
  type ConnectionPool,
  type ConnectOptions,
  type PoolOptions,
} from './client/index.ts';
import { type Consensus, type ConsensusOptions, DEFAULT_CONSENSUS_OPTIONS } from './cluster/raftnode/index.ts';
import { type ListenAddress, type Parsed, parseHttpListenAddress, parseListenAddress } from './config/index.ts';
import { type Env, Logger, type LogSink } from './env/index.ts';
import { createClientEnv, createNodeEnv, type LogOptions } from './env/node/index.ts';
import {
  DEFAULT_INSTANCE_OPTIONS,
  Instance,
  type InstanceInformation,
  instanceInformation,
  type InstanceOptions,
  StartError,
} from './instance/index.ts';
import { DEFAULT_REPLICATION_OPTIONS, type ReplicationOptions } from './replication/index.ts';

export type {
  CreateFunctionOptions,
  CreateIndexOptions,
  CreateSequenceOptions,
  CreateSpaceOptions,
  CreateUserOptions,
  FunctionalKey,
  GrantedObject,
  IndexPart,
  IndexPartOption,
  KeyFunctionBody,
  KeyFunctionDefinition,
  LocalApi,
  LocalBackup,
  LocalBeforeTrigger,
  LocalChange,
  LocalFieldFormat,
  LocalIndex,
  LocalIndexOptions,
  LocalKey,
  LocalSavepoint,
  LocalSchema,
  LocalSelectOptions,
  LocalSequence,
  LocalSpace,
  LocalTransaction,
  LocalTransactionTrigger,
  LocalTypedSpace,
  PrivilegeName,
  ProcedureDefinition,
  ProcedureFunction,
  ProcedureResults,
} from './app/procedures/index.ts';
export { defineKeyFunction, defineProcedure, results } from './app/procedures/index.ts';
export { BoxError, CorruptionError } from './base/index.ts';
export type {
  CasPredicate,
  Consensus,
  ConsensusOptions,
  ConsensusStatus,
  GlobalOperation,
  KeyBound,
  KeyRange,
  MemberAddress,
  MembershipRequest,
  Patience,
} from './cluster/raftnode/index.ts';
export type {
  BeginOptions,
  CallOptions,
  ConnectionState,
  ConnectOptions,
  FieldDefinition,
  FieldTypeName,
  FieldValue,
  IndexName,
  IndexOptions,
  KeyOf,
  NewRow,
  ObjectRow,
  PartialKeyOf,
  PoolOptions,
  RequestOptions,
  SelectOptions,
  SpaceDefinition,
  StateListener,
  TransactionStream,
  Tuple,
  TupleRow,
  TypedOperation,
  TypedSpace,
  UpdateOperation,
  WatchCallback,
  Watcher,
} from './client/index.ts';
export { Connection, ConnectionPool, defineSpace } from './client/index.ts';
export type { Value } from './codec/msgpack/index.ts';
export { Datetime, Decimal, DoubleValue, ExtensionValue, Interval, Uuid } from './codec/msgpack/index.ts';
export type { ListenAddress } from './config/index.ts';
export type {
  DownstreamInformation,
  LogConsumer,
  ReplicaInformation,
  ReplicationInformation,
  UpstreamInformation,
} from './engine/box/index.ts';
export type { LogLevel, LogSink } from './env/index.ts';
export { FileError, NetworkError } from './env/index.ts';
export type { LogOptions } from './env/node/index.ts';
export type { InstanceInformation, InstanceOptions } from './instance/index.ts';
export { StartError } from './instance/index.ts';
export type { ReplicationOptions } from './replication/index.ts';

/** How an instance inside a program is started. What is left out is as for `picodata run`, unless it says otherwise. */
export type StartOptions = Partial<Omit<InstanceOptions, 'listen' | 'httpListen' | 'trust' | 'replication' | 'raft'>> &
  Readonly<{
    /** `host:port`; port 0 takes a free one. Left out, nobody but this program reaches the instance. */
    listen?: string | ListenAddress | null;
    /** Where to serve metrics over HTTP, in the same form; a missing port is 8080. Left out: nowhere. */
    httpListen?: string | ListenAddress | null;
    /**
     * - stored (the default): the rights that are stored in the instance, as Tarantool has them;
     * - open: whoever connects may do everything;
     * - a cookie: closed to others, as `--cluster-cookie` does it.
     */
    trust?: 'stored' | 'open' | Readonly<{ cookie: string }>;
    /**
     * Whom the instance follows, and how; what is left out is as in `box.cfg`. `sources` are masters, each written as
     * `[user[:password]@]host:port` or with the path of a socket. An empty directory gets its data from one of them. An
     * anonymous replica (`isAnonymous`) must be `readOnly`.
     */
    replication?: Partial<ReplicationOptions>;
    /**
     * The group whose log the instance keeps with others: its own id, and all founding members with their addresses. It
     * needs `trust` 'open' or a cookie. Left out: none.
     */
    raft?: Pick<ConsensusOptions, 'id' | 'members'> & Partial<ConsensusOptions>;
    /** Where the log goes. Left out: warnings and what is worse, to standard error. */
    log?: LogOptions | LogSink;
    /** What gives functional indexes their keys. An index in the data without its function cannot be used. */
    keyFunctions?: readonly KeyFunctionDefinition[];
    /** Callable from the moment the instance listens. */
    procedures?: readonly ProcedureDefinition[];
    /**
     * Runs when the spaces of the schema are there and nothing else: triggers set now see every row of the data
     * directory that is read afterwards. Called again, with another `api`, when a replica gives up what it has read for
     * new data from a master.
     */
    onSchemaInit?: (api: LocalApi) => void;
    /** Runs when the data is there and before the instance listens, as user admin: the place to make spaces. */
    onReady?: (api: LocalApi) => void | Promise<void>;
    /**
     * The instance can serve no more, and should be given up by `stop`. Left out, the error is logged and thrown where
     * nobody catches it, which ends the program.
     */
    onFailure?: (error: Error) => void;
  }>;

/** An instance that runs inside this program. */
export class RunningInstance {
  /** Spaces, schema and transactions, with the rights of user admin. */
  readonly api: LocalApi;
  readonly #instance: Instance;

  /** Use `startInstance`. */
  constructor(instance: Instance) {
    this.#instance = instance;
    this.api = createLocalApi(instance.box, instance.box.adminSession);
  }

  /** Names, uuids, and where it listens. */
  get information(): InstanceInformation {
    return instanceInformation(this.#instance);
  }

  /** The log that is kept with others. Throws BoxError (10024) if the instance was started without `raft`. */
  get raft(): Consensus {
    return this.#instance.raft;
  }

  /** Makes a procedure callable. Throws BoxError for a name that is taken. */
  register(procedure: ProcedureDefinition): void {
    registerProcedure(this.#instance.box, procedure);
  }

  /**
   * Resolves when all that was written so far through `api` is as durable as `walMode` promises; before that it can be
   * read, but a crash may take it back. Rejects with BoxError if the log refused the newest of it, which is undone then.
   */
  durable(): Promise<void> {
    return this.#instance.box.transactions.whenDurable();
  }

  /** Sends replies that are ready, writes what is promised, and lets the directory go. */
  stop(): Promise<void> {
    return this.#instance.stop();
  }
}

/**
 * Starts an instance inside this program. Rejects with StartError (the directory is in use, an option or the script is
 * wrong), CorruptionError, FileError, NetworkError or BoxError; nothing is left behind then.
 */
export async function startInstance(options: StartOptions = {}): Promise<RunningInstance> {
  const {
    listen = null,
    httpListen = null,
    trust = 'stored',
    log,
    procedures = [],
    keyFunctions = [],
    onSchemaInit,
    onReady,
    onFailure,
    replication,
    raft,
    ...rest
  } = options;
  const env = createEnv(log);
  const instanceOptions: InstanceOptions = {
    ...DEFAULT_INSTANCE_OPTIONS,
    ...rest,
    replication: { ...DEFAULT_REPLICATION_OPTIONS, ...replication },
    raft: raft === undefined ? null : { ...DEFAULT_CONSENSUS_OPTIONS, ...raft },
    listen: typeof listen === 'string' ? addressOf('listen', parseListenAddress(listen)) : listen,
    httpListen:
      typeof httpListen === 'string' ? addressOf('httpListen', parseHttpListenAddress(httpListen)) : httpListen,
    trust: typeof trust === 'string' ? { kind: trust } : { kind: 'closed', cookie: trust.cookie },
  };
  const instance = await Instance.start(env, instanceOptions, {
    keyFunctions,
    onSchemaInit: (box) => onSchemaInit?.(createLocalApi(box, box.adminSession)),
    onEngineReady: async (box) => {
      for (const procedure of procedures) registerProcedure(box, procedure);
      await onReady?.(createLocalApi(box, box.adminSession));
    },
    onFailure: onFailure ?? ((error) => failLoudly(env, error)),
  });
  return new RunningInstance(instance);
}

/** Opens a connection to an instance or to a Tarantool. `host:port` alone connects as guest. */
export function connect(options: ConnectOptions | string): Promise<Connection> {
  return connectWith(createClientEnv(), typeof options === 'string' ? { address: options } : options);
}

/** Connections to several servers of one set, of which one that works takes each request. */
export function connectPool(options: PoolOptions): Promise<ConnectionPool> {
  return connectPoolWith(createClientEnv(), options);
}

function createEnv(log: LogOptions | LogSink | undefined): Env {
  const isSink = log !== undefined && 'write' in log;
  const env = createNodeEnv({ log: isSink || log === undefined ? DEFAULT_LOG : log });
  return isSink ? { ...env, log } : env;
}

const DEFAULT_LOG: LogOptions = { level: 'warn', format: 'plain', destination: 'stderr' };

function addressOf(option: string, parsed: Parsed<ListenAddress>): ListenAddress {
  if (parsed.ok) return parsed.value;
  throw new StartError(`${option}: ${parsed.reason}`);
}

function failLoudly(env: Env, error: Error): void {
  new Logger(env.log, 'main').fatal(error.message);
  env.timers.endOfTurn(() => {
    throw error;
  });
}

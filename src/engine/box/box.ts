/**
 * The one local API: what iproto, SQL, procedures, the console and embedding programs act on. It ties the parts of the
 * engine together and has no behaviour of its own.
 */
import { userId } from '../../base/index.ts';
import { type AccessControl, USER_ID } from '../access/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';
import type { Address } from '../arena/index.ts';
import type { Catalog } from '../catalog/index.ts';
import type { TransactionManager } from '../txn/index.ts';
import { Broadcasts } from './broadcasts.ts';
import { CodeWatch, UNWATCHED_CLOCK } from './code-watch.ts';
import { Lookahead } from './lookahead.ts';
import { Procedures } from './procedures.ts';
import type { ReplicationInformation } from './replication-control.ts';
import { RequestCounters } from './request-counters.ts';
import { SchemaPreparation } from './schema-preparation.ts';
import type { FunctionCaller } from './function-caller.ts';
import type { Session } from './session.ts';
import { Sessions } from './sessions.ts';
import type { CodeStatements, StatementRecorder } from './statement-recorder.ts';
import { Statements } from './statements.ts';

/** What is kept of checkpoints, and why. */
export type GarbageInformation = Readonly<{
  isCheckpointInProgress: boolean;
  isBackupInProgress: boolean;
  /** Snapshots that are there, oldest first; a pinned one and the logs behind it are not collected. */
  checkpoints: readonly Readonly<{ signature: number; vclock: Vclock; isPinned: boolean }>[];
}>;

/** Called when the instance is asked to stop; waited for, within LIMITS.shutdownHooksMs. */
export type ShutdownHook = () => void | Promise<void>;

/** What code inside may ask of the instance around the engine; the instance sets it. */
export type InstanceControl = Readonly<{
  /** Makes a snapshot; resolves when it is durable. */
  snapshot: () => Promise<void>;
  /** Bytes taken from the system for tuples and indexes, and bytes that they use. */
  memory: () => Readonly<{ arenaBytes: number; usedBytes: number; quotaBytes: number }>;
  /**
   * Files that hold the state as it is now, beginning with the snapshot that is `checkpointsBack` older than the newest;
   * none of them is removed until `stopBackup`. Throws ER_BACKUP_IN_PROGRESS and ER_MISSING_SNAPSHOT.
   */
  startBackup: (checkpointsBack: number) => readonly string[];
  stopBackup: () => void;
  garbage: () => GarbageInformation;
  replication: () => ReplicationInformation;
  /** Takes over leadership and the synchronous queue; gives them up; empties the queue as 2.6.0 does. Reject with BoxError. */
  promote: () => Promise<void>;
  demote: () => Promise<void>;
  clearSynchroQueue: () => Promise<void>;
  uuid: string;
}>;

export class Box {
  readonly catalog: Catalog;
  readonly transactions: TransactionManager;
  readonly access: AccessControl;
  readonly sessions: Sessions;
  readonly statements: Statements;
  readonly procedures: Procedures;
  readonly schemaPreparation: SchemaPreparation;
  readonly lookahead: Lookahead;
  readonly broadcasts = new Broadcasts();
  readonly counters = new RequestCounters();
  /** Set while a procedure runs inside a transaction that will be repeated: it keeps what the procedure does. */
  recorder: StatementRecorder | null = null;
  control: InstanceControl | null = null;
  /** Runs functions that are no procedures; null if there is no other language. */
  functionCaller: FunctionCaller | null = null;
  /** The newest first, as they are called. */
  readonly onShutdown: ShutdownHook[] = [];
  /** Told what a trigger threw that has nobody to throw to; the instance logs it. */
  onTriggerFailure: (error: unknown) => void = () => undefined;
  /** State of the log in memory; the instance sets it when the log runs. */
  vclock: () => readonly number[] = () => [];
  /** The instance itself, as user admin. */
  readonly adminSession: Session;

  /** `code` measures what programs do inside statements; without it nobody does. */
  constructor(
    catalog: Catalog,
    transactions: TransactionManager,
    access: AccessControl,
    code: CodeWatch = new CodeWatch(UNWATCHED_CLOCK, Infinity),
  ) {
    this.catalog = catalog;
    this.transactions = transactions;
    this.access = access;
    this.sessions = new Sessions(access);
    this.statements = new Statements(catalog, transactions, access, code);
    this.statements.writers.onTriggerFailure = (error) => this.onTriggerFailure(error);
    this.lookahead = new Lookahead(catalog);
    this.procedures = new Procedures(this);
    this.schemaPreparation = new SchemaPreparation(catalog, transactions, access);
    this.adminSession = this.sessions.open('background', '', access.credentialsOf(userId(USER_ID.admin)));
  }

  /** The statements as code inside the instance executes them. */
  get codeStatements(): CodeStatements {
    return this.recorder ?? this.statements;
  }

  /** Does what code adds to the transaction beside its statements; it may give a tuple. */
  asStep(action: () => Address): Address {
    return this.recorder === null ? action() : this.recorder.run(0, action);
  }

  /** Reads a number that says something about what is stored. */
  observe(read: () => number): number {
    return this.recorder === null ? read() : this.recorder.observe(0, read);
  }
}

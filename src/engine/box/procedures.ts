/**
 * Procedures: functions that run inside the instance, called by name over iproto. They are registered by scripts and
 * embedding programs; a row of `_func` of the same name gives rights to single users, without one a caller needs the
 * right to execute everything.
 */
import { BoxError, boxError } from '../../base/index.ts';
import type { Value } from '../../codec/msgpack/index.ts';
import type { AccessControl, Credentials } from '../access/index.ts';
import type { Catalog } from '../catalog/index.ts';
import type { TransactionManager } from '../txn/index.ts';
import type { Session } from './session.ts';

/** Arguments are decoded values; each result becomes one value of the reply. */
export type ProcedureBody = (session: Session, args: readonly Value[]) => ProcedureResult | Promise<ProcedureResult>;
export type ProcedureResult = readonly Value[];

/** `waits`: the body certainly returns a promise. */
type Procedure = Readonly<{ body: ProcedureBody; waits: boolean }>;

/** The parts of the engine that calls need. */
export type ProcedureHost = Readonly<{
  access: AccessControl;
  catalog: Catalog;
  transactions: TransactionManager;
}>;

export class Procedures {
  readonly #host: ProcedureHost;
  readonly #procedures = new Map<string, Procedure>();
  /** Views of sessions for set-uid functions, by the owner whose rights they have. */
  readonly #views = new WeakMap<Session, Map<Credentials, Session>>();

  constructor(host: ProcedureHost) {
    this.#host = host;
  }

  /** Throws ER_FUNCTION_EXISTS for a name that is taken. `waits` says that the body certainly returns a promise. */
  register(name: string, body: ProcedureBody, waits = false): void {
    if (this.#procedures.has(name)) throw boxError('FUNCTION_EXISTS', name);
    this.#procedures.set(name, { body, waits });
  }

  unregister(name: string): void {
    this.#procedures.delete(name);
  }

  has(name: string): boolean {
    return this.#procedures.has(name);
  }

  names(): readonly string[] {
    return [...this.#procedures.keys()];
  }

  /**
   * Calls the procedure with the session's rights, or with those of its owner if its row of `_func` says so: until the
   * body has ended, a promise included, and for nothing else that the session does meanwhile. Throws ER_ACCESS_DENIED,
   * ER_NO_SUCH_PROC, the BoxError that the body throws, or ER_PROC_LUA with the message of any other error. A transaction
   * that the body left open is rolled back.
   */
  call(session: Session, name: string, args: readonly Value[]): ProcedureResult | Promise<ProcedureResult> {
    const { body } = this.#callable(session, name);
    let result: ProcedureResult | Promise<ProcedureResult>;
    try {
      result = body(this.sessionFor(session, name), args);
    } catch (error) {
      this.#rollbackOpen();
      throw asBoxError(error);
    }
    if (this.#host.transactions.isActive) {
      this.#rollbackOpen();
      throw boxError('FUNCTION_TX_ACTIVE');
    }
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      throw asBoxError(error);
    });
  }

  /**
   * The same inside the transaction that is open, which stays so. Throws ER_TRANSACTION_YIELD for a procedure that waits,
   * if that is known before it runs.
   */
  callInTransaction(
    session: Session,
    name: string,
    args: readonly Value[],
  ): ProcedureResult | Promise<ProcedureResult> {
    const { body, waits } = this.#callable(session, name);
    if (waits) throw boxError('TRANSACTION_YIELD');
    try {
      return body(this.sessionFor(session, name), args);
    } catch (error) {
      throw asBoxError(error);
    }
  }

  #callable(session: Session, name: string): Procedure {
    this.#host.access.checkCall(session.effectiveUser, name);
    const procedure = this.#procedures.get(name);
    if (procedure === undefined) throw this.#missing(name);
    return procedure;
  }

  /** The session as the function sees it: with its owner's rights if its row of `_func` says so. */
  sessionFor(session: Session, name: string): Session {
    const definition = this.#host.catalog.functionByName(name);
    if (definition === undefined || !definition.isSetuid) return session;
    const owner = this.#host.access.credentialsOf(definition.ownerId);
    let views = this.#views.get(session);
    if (views === undefined) {
      views = new Map();
      this.#views.set(session, views);
    }
    let view = views.get(owner);
    if (view === undefined) {
      view = session.actingAs(owner);
      views.set(owner, view);
    }
    view.user = session.user;
    return view;
  }

  #missing(name: string): BoxError {
    if (this.#host.catalog.functionByName(name)?.language !== 'C') return boxError('NO_SUCH_PROC', name);
    const packageEnd = name.lastIndexOf('.');
    const module = packageEnd < 0 ? name : name.slice(0, packageEnd);
    return boxError('LOAD_MODULE', module, 'module not found');
  }

  #rollbackOpen(): void {
    if (this.#host.transactions.isActive) this.#host.transactions.rollback();
  }
}

/** What a procedure threw, as its caller gets it. */
export function asBoxError(error: unknown): BoxError {
  if (error instanceof BoxError) return error;
  return boxError('PROC_LUA', error instanceof Error ? error.message : String(error));
}

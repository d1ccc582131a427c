/**
 * A stream of the server: its requests run one after the other, and it may hold one transaction.
 * Invariant: a stream never outlives the session in which it was opened. After a reconnect its requests fail with
 * NO_CONNECTION, so that no change of a lost transaction is made on its own.
 */
import {
  encodeBegin,
  encodeCommit,
  encodeRollback,
  TRANSACTION_ISOLATION,
  type TransactionIsolationName,
} from '../codec/iproto/index.ts';
import type { RemoteSchema } from './remote-schema.ts';
import type { CallOptions, RequestOptions } from './request-types.ts';
import { ignoreBody, Requests, type DecodeAnswer, type EncodeRequest } from './requests.ts';

export type BeginOptions = RequestOptions &
  Readonly<{
    /** The server rolls back a transaction that is older. */
    transactionTimeoutSeconds?: number;
    isolation?: TransactionIsolationName;
  }>;

/** What a stream needs of its connection. */
export type StreamHost = Readonly<{
  dispatch: <Result>(
    encode: EncodeRequest,
    decode: DecodeAnswer<Result>,
    options: CallOptions | undefined,
  ) => Promise<Result>;
  currentSchema: () => RemoteSchema | null;
  refreshedSchema: () => Promise<RemoteSchema>;
}>;

export class TransactionStream extends Requests {
  readonly id: number;
  readonly #host: StreamHost;

  /** Use `Connection.stream`. */
  constructor(id: number, host: StreamHost) {
    super();
    this.id = id;
    this.#host = host;
  }

  begin(options: BeginOptions = {}): Promise<void> {
    const { transactionTimeoutSeconds, isolation } = options;
    const request = {
      ...(transactionTimeoutSeconds === undefined ? {} : { timeoutSeconds: transactionTimeoutSeconds }),
      ...(isolation === undefined ? {} : { isolation: TRANSACTION_ISOLATION[isolation] }),
    };
    return this.dispatch((writer, header) => encodeBegin(writer, header, request), ignoreBody, options);
  }

  /** Rejects with TRANSACTION_CONFLICT if another transaction won. */
  commit(options?: RequestOptions): Promise<void> {
    return this.dispatch((writer, header) => encodeCommit(writer, header), ignoreBody, options);
  }

  rollback(options?: RequestOptions): Promise<void> {
    return this.dispatch(encodeRollback, ignoreBody, options);
  }

  protected override dispatch<Result>(
    encode: EncodeRequest,
    decode: DecodeAnswer<Result>,
    options: CallOptions | undefined,
  ): Promise<Result> {
    const inStream: EncodeRequest = (writer, { sync }) => encode(writer, { sync, streamId: this.id });
    return this.#host.dispatch(inStream, decode, options);
  }

  protected override currentSchema(): RemoteSchema | null {
    return this.#host.currentSchema();
  }

  protected override refreshedSchema(): Promise<RemoteSchema> {
    return this.#host.refreshedSchema();
  }
}

/** Executes the request that a log row holds: what changed data somewhere, and changes it again here. */
import { boxError } from '../../base/index.ts';
import { REQUEST_TYPE, RequestDecoder } from '../../codec/iproto/index.ts';
import type { RowReader } from '../../codec/xlog/index.ts';
import { mandatoryKeys } from './request-executor.ts';
import type { Session } from './session.ts';
import type { Statements } from './statements.ts';

export class RowExecutor {
  readonly #statements: Statements;
  readonly #request = new RequestDecoder();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Throws BoxError for a row that is no change of data, is malformed, or does not fit the state. */
  execute(session: Session, row: RowReader): void {
    const request = this.decode(row);
    const statements = this.#statements;
    const { bytes, spaceId, tuplePosition, tupleEnd, keyPosition } = request;
    switch (row.type) {
      case REQUEST_TYPE.insert:
        statements.insert(session, spaceId, bytes, tuplePosition, tupleEnd);
        return;
      case REQUEST_TYPE.replace:
        statements.replace(session, spaceId, bytes, tuplePosition, tupleEnd);
        return;
      case REQUEST_TYPE.update:
        statements.update(session, spaceId, 0, bytes, keyPosition, tuplePosition, tupleEnd, request.indexBase);
        return;
      case REQUEST_TYPE.delete:
        statements.delete(session, spaceId, 0, bytes, keyPosition);
        return;
      default:
        statements.upsert(
          session,
          spaceId,
          bytes,
          tuplePosition,
          tupleEnd,
          request.operationsPosition,
          request.operationsEnd,
          request.indexBase,
        );
    }
  }

  /** The row's body, valid until the next call. Throws as `execute`. */
  decode(row: RowReader): RequestDecoder {
    const keys = row.type === REQUEST_TYPE.select ? null : mandatoryKeys(row.type);
    if (keys === null) throw boxError('UNKNOWN_REQUEST_TYPE', row.type);
    const request = this.#request;
    request.takeBody(row.bytes, row.bodyStart, row.bodyEnd);
    const error = request.decodeBody(keys);
    if (error !== null) throw error;
    return request;
  }
}

/** What a function that was called by CALL or EVAL may do through the connection before its answer. */
import { boxError } from '../../base/index.ts';
import { beginDataResponse, endDataResponse, REQUEST_TYPE } from '../../codec/iproto/index.ts';
import type { FunctionResults, RequestDoor } from '../../engine/box/index.ts';
import type { IprotoConnection } from './connection.ts';

const LOW_BITS = 0x1_0000_0000;

export class IprotoRequestDoor implements RequestDoor {
  readonly #connection: IprotoConnection;
  readonly #syncHigh: number;
  readonly #syncLow: number;

  constructor(connection: IprotoConnection) {
    this.#connection = connection;
    this.#syncHigh = connection.request.syncHigh;
    this.#syncLow = connection.request.syncLow;
  }

  get sync(): bigint {
    return BigInt(this.#syncHigh >>> 0) * BigInt(LOW_BITS) + BigInt(this.#syncLow >>> 0);
  }

  push(message: FunctionResults): void {
    const connection = this.#connection;
    if (connection.isClosed) throw boxError('SESSION_CLOSED');
    const { output, schemaVersion } = connection;
    const start = beginDataResponse(output);
    let count: number;
    try {
      count = message.write(output, false);
    } catch (error) {
      output.position = start;
      throw error;
    }
    endDataResponse(output, start, count, this.#syncHigh, this.#syncLow, schemaVersion, REQUEST_TYPE.chunk);
  }
}

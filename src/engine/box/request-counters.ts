/**
 * What has been asked of the instance since its start, at all doors: requests by their number in iproto, errors that were
 * answered, and what the network has carried.
 */
import { REQUEST_TYPE } from '../../codec/iproto/index.ts';

const REQUEST_TYPES = 256;

/** As `box.stat` names them. */
export const COUNTED_REQUESTS: Readonly<Record<string, readonly number[]>> = {
  SELECT: [REQUEST_TYPE.select],
  INSERT: [REQUEST_TYPE.insert],
  REPLACE: [REQUEST_TYPE.replace],
  UPDATE: [REQUEST_TYPE.update],
  UPSERT: [REQUEST_TYPE.upsert],
  DELETE: [REQUEST_TYPE.delete],
  CALL: [REQUEST_TYPE.call, REQUEST_TYPE.call16],
  EVAL: [REQUEST_TYPE.eval],
  AUTH: [REQUEST_TYPE.auth],
  EXECUTE: [REQUEST_TYPE.execute],
  PREPARE: [REQUEST_TYPE.prepare],
};

export type NetworkCounters = {
  sentBytes: number;
  receivedBytes: number;
  connections: number;
  openConnections: number;
  requests: number;
  /** That have begun and are not answered. */
  openRequests: number;
};

export class RequestCounters {
  /** By the type of the request. */
  readonly byType = new Float64Array(REQUEST_TYPES);
  errors = 0;
  readonly network: NetworkCounters = {
    sentBytes: 0,
    receivedBytes: 0,
    connections: 0,
    openConnections: 0,
    requests: 0,
    openRequests: 0,
  };

  /** Requests of a name in `COUNTED_REQUESTS`. */
  total(name: string): number {
    let total = 0;
    for (const type of COUNTED_REQUESTS[name] ?? []) total += this.byType[type]!;
    return total;
  }

  /** What is open stays. */
  reset(): void {
    this.byType.fill(0);
    this.errors = 0;
    const { network } = this;
    network.sentBytes = network.receivedBytes = network.connections = network.requests = 0;
  }
}

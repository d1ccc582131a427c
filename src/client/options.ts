/** What a connection may be told, with defaults. Times are in milliseconds. */
import type { Env, Address } from '../env/index.ts';
import { parseAddress } from './address.ts';

/** The effects that the client uses. */
export type ClientEnv = Pick<Env, 'network' | 'timers' | 'clock' | 'crypto' | 'random'>;

export type ConnectOptions = Readonly<{
  /** As `parseAddress` takes it, or parsed. */
  address: Address | string;
  /** Without a user the session is guest's. */
  user?: string;
  password?: string;
  /** From the first packet to a usable session, schema included; default 10 000. */
  connectTimeoutMs?: number;
  /** Of each request that names none itself; default 60 000. */
  requestTimeoutMs?: number;
  /** A lost connection is opened again after so long (and up to a tenth more); null, the default, leaves it closed. */
  reconnectAfterMs?: number | null;
  /** Requests without an answer yet; one more fails at once. Default 65 536. */
  inFlightMax?: number;
  /** Bytes that wait for a slow peer to read; with more, requests fail at once. Default 64 MiB. */
  outgoingBytesMax?: number;
  /** Largest answer that is accepted; default 2 GiB, the protocol's limit. */
  packetBytesMax?: number;
  /** Read names of spaces and indexes, and again when the schema changes; default true. Without it use ids. */
  fetchSchema?: boolean;
  /** False: `connect` resolves at once and the connection is made in the background. Default true. */
  waitConnected?: boolean;
}>;

export type ResolvedConnectOptions = Readonly<{
  address: Address;
  user: string | null;
  password: string;
  connectTimeoutMs: number;
  requestTimeoutMs: number;
  reconnectAfterMs: number | null;
  inFlightMax: number;
  outgoingBytesMax: number;
  packetBytesMax: number;
  fetchSchema: boolean;
}>;

/** Fills in the defaults. Throws ILLEGAL_PARAMS for an address that cannot be read. */
export function resolveConnectOptions(options: ConnectOptions): ResolvedConnectOptions {
  return {
    address: typeof options.address === 'string' ? parseAddress(options.address) : options.address,
    user: options.user ?? null,
    password: options.password ?? '',
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 60_000,
    reconnectAfterMs: options.reconnectAfterMs ?? null,
    inFlightMax: options.inFlightMax ?? 65_536,
    outgoingBytesMax: options.outgoingBytesMax ?? 64 * 1024 * 1024,
    packetBytesMax: options.packetBytesMax ?? 0x80000000,
    fetchSchema: options.fetchSchema ?? true,
  };
}

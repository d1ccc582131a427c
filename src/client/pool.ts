/**
 * Connections to several servers that are as good as each other, each opened again when it is lost.
 * The pool chooses among those that are active, in turn; it does not know which one accepts writes.
 */
import type { BoxError } from '../base/index.ts';
import type { Address } from '../env/index.ts';
import { connect, type Connection } from './connection.ts';
import { noConnection } from './errors.ts';
import type { ClientEnv, ConnectOptions } from './options.ts';

export type PoolOptions = Omit<ConnectOptions, 'address' | 'waitConnected'> &
  Readonly<{
    addresses: readonly (Address | string)[];
    /** Connections to each address; default 1. */
    connectionsPerAddress?: number;
  }>;

const DEFAULT_RECONNECT_MS = 1000;

/** Resolves as soon as one connection is active; rejects if none is within the connect timeout. */
export async function connectPool(env: ClientEnv, options: PoolOptions): Promise<ConnectionPool> {
  const { addresses, connectionsPerAddress = 1, ...common } = options;
  const connections = await Promise.all(
    addresses
      .flatMap((address) => Array.from({ length: connectionsPerAddress }, () => address))
      .map((address) =>
        connect(env, {
          reconnectAfterMs: DEFAULT_RECONNECT_MS,
          ...common,
          address,
          waitConnected: false,
        }),
      ),
  );
  const pool = new ConnectionPool(connections);
  try {
    await pool.whenActive(env, options.connectTimeoutMs ?? 10_000);
  } catch (error) {
    pool.close();
    throw error;
  }
  return pool;
}

export class ConnectionPool {
  readonly connections: readonly Connection[];
  #next = 0;

  /** Use `connectPool`. */
  constructor(connections: readonly Connection[]) {
    this.connections = connections;
  }

  get activeCount(): number {
    return this.connections.filter((connection) => connection.state === 'active').length;
  }

  /** An active connection, each in its turn. Throws NO_CONNECTION if there is none. */
  any(): Connection {
    for (let tried = 0; tried < this.connections.length; tried++) {
      const connection = this.connections[this.#next++ % this.connections.length];
      if (connection?.state === 'active') return connection;
    }
    throw noConnection('no server of the pool is reachable');
  }

  /** Resolves when a connection is active; rejects with NO_CONNECTION after the time, naming the last reason. */
  whenActive(env: ClientEnv, timeoutMs: number): Promise<void> {
    if (this.activeCount > 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let reason: BoxError | null = null;
      const timer = env.timers.after(timeoutMs, () => {
        settle();
        reject(noConnection(reason?.message ?? 'no server of the pool is reachable'));
      });
      const listeners = this.connections.map((connection) =>
        connection.onStateChange((state, error) => {
          reason = error ?? reason;
          if (state !== 'active') return;
          settle();
          resolve();
        }),
      );
      const settle = (): void => {
        timer.cancel();
        for (const remove of listeners) remove();
      };
    });
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }
}

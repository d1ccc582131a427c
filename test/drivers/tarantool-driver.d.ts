/** The part of the npm package tarantool-driver that its test uses. */
declare module 'tarantool-driver' {
  import type { EventEmitter } from 'node:events';

  type Tuple = readonly unknown[];
  type Options = Readonly<{
    host: string;
    port: number;
    username?: string;
    password?: string;
    lazyConnect?: boolean;
    retryStrategy?: (times: number) => number;
  }>;

  class TarantoolConnection extends EventEmitter {
    constructor(options: Options);
    connect(): Promise<unknown>;
    ping(): Promise<unknown>;
    select(
      space: string | number,
      index: string | number,
      limit: number,
      offset: number,
      iterator: string,
      key: Tuple,
    ): Promise<Tuple[]>;
    insert(space: string | number, tuple: Tuple): Promise<Tuple[]>;
    replace(space: string | number, tuple: Tuple): Promise<Tuple[]>;
    update(space: string | number, index: string | number, key: Tuple, operations: readonly Tuple[]): Promise<Tuple[]>;
    upsert(space: string | number, operations: readonly Tuple[], tuple: Tuple): Promise<unknown>;
    delete(space: string | number, index: string | number, key: Tuple): Promise<Tuple[]>;
    call(name: string, ...args: readonly unknown[]): Promise<unknown>;
    disconnect(): void;
  }
  export default TarantoolConnection;
}

/** The part of the npm package tarantool-driver, which has no types, that its test uses. */
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';

type Tuple = readonly unknown[];
type Place = string | number;

export interface Tarantool extends EventEmitter {
  connect(): Promise<unknown>;
  ping(): Promise<unknown>;
  select(space: Place, index: Place, limit: number, offset: number, iterator: string, key: Tuple): Promise<Tuple[]>;
  insert(space: Place, tuple: Tuple): Promise<Tuple[]>;
  replace(space: Place, tuple: Tuple): Promise<Tuple[]>;
  update(space: Place, index: Place, key: Tuple, operations: readonly Tuple[]): Promise<Tuple[]>;
  upsert(space: Place, operations: readonly Tuple[], tuple: Tuple): Promise<unknown>;
  delete(space: Place, index: Place, key: Tuple): Promise<Tuple[]>;
  call(name: string, ...args: Tuple): Promise<unknown>;
  disconnect(): void;
}

type Constructor = new (
  options: Readonly<{
    host: string;
    port: number;
    username: string;
    password: string;
    lazyConnect: boolean;
    retryStrategy: (times: number) => number;
  }>,
) => Tarantool;

export const Tarantool = createRequire(import.meta.url)('tarantool-driver') as Constructor;

/** The targets, and running them under a seed. */
import { SeededRandom } from '../src/base/index.ts';
import { skipValue } from '../src/codec/msgpack/index.ts';
import { Finding, simpleTarget, type FuzzTarget } from './target.ts';
import { BATCHES, OPERATIONS } from './targets/consensus.ts';
import { FRAMES, REQUESTS } from './targets/iproto.ts';
import { JOINING_TARGET } from './targets/joining.ts';
import { LUA_PROGRAMS, LUA_SYNTAX } from './targets/lua.ts';
import { MASTER_TARGET } from './targets/master.ts';
import { checkMsgpack, MSGPACK } from './targets/msgpack.ts';
import { REPLICA_TARGET } from './targets/replica.ts';
import { SERVER } from './targets/server.ts';
import { SOCKET } from './targets/socket.ts';
import { JSON_PATHS, UPDATES } from './targets/tuples.ts';
import { XLOG } from './targets/xlog.ts';

export const TARGETS: readonly FuzzTarget[] = [
  MSGPACK,
  REQUESTS,
  FRAMES,
  XLOG,
  JSON_PATHS,
  UPDATES,
  SERVER,
  SOCKET,
  MASTER_TARGET,
  REPLICA_TARGET,
  JOINING_TARGET,
  LUA_PROGRAMS,
  LUA_SYNTAX,
  BATCHES,
  OPERATIONS,
];

export type FuzzFailure = Readonly<{ target: string; atCase: number; error: unknown }>;
export type FuzzResult = Readonly<{ cases: number; failures: readonly FuzzFailure[] }>;

/** Runs the targets one after the other, each from the same seed. */
export async function fuzzAll(
  targets: readonly FuzzTarget[],
  seed: number,
  casesOf: (target: FuzzTarget) => number,
): Promise<FuzzResult> {
  const failures: FuzzFailure[] = [];
  let cases = 0;
  for (const target of targets) {
    let atCase = 0;
    try {
      await target.run(new SeededRandom(seed), casesOf(target), (number) => {
        atCase = number;
      });
      cases += casesOf(target);
    } catch (error) {
      cases += atCase;
      failures.push({ target: target.name, atCase, error });
    }
  }
  return { cases, failures };
}

/** A walk over MessagePack that takes a long string for a shorter one: the target must say so. */
export async function isCanaryFound(): Promise<boolean> {
  const skipWrongly = (bytes: Uint8Array, position: number): number =>
    skipValue(bytes, position) - (bytes[position] === 0xd9 ? 1 : 0);
  const canary = simpleTarget('canary', { smokeCases: 20_000, longCases: 20_000 }, (random) =>
    checkMsgpack(random, skipWrongly),
  );
  const { failures } = await fuzzAll([canary], 1, ({ smokeCases }) => smokeCases);
  return failures.some(({ error }) => error instanceof Finding);
}

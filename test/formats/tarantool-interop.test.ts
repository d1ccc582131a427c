/**
 * One log directory, written in turn by a real Tarantool and by our LogFileWriter: each must read what the other wrote.
 */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ByteWriter } from '../../src/base/index.ts';
import { encodeToBytes, type Value } from '../../src/codec/msgpack/index.ts';
import { GROUP_LOCAL, ROW_FLAG, ROW_TYPE_NOP, type RowHeader, writeRowHeader } from '../../src/codec/xlog/index.ts';
import { createWorkerEnv } from '../../src/env/node/index.ts';
import { type LogBatch, LogFileWriter, LogReader } from '../../src/engine/wal/index.ts';
import { temporaryDirectory } from '../support/child-server.ts';
import { findTarantool } from '../support/tarantool-server.ts';

const RUN_TIMEOUT_MS = 60_000;
const INSTANCE_UUID = '11111111-2222-4333-8444-555555555555';
const GLOBAL_SPACE = 512;
const LOCAL_SPACE = 513;
const BODY_KEY = { spaceId: 0x10, tuple: 0x21 } as const;

const tarantool = findTarantool();
if (tarantool === null) console.log('skipped: test/formats/tarantool-interop needs the program tarantool');

/** Runs Lua in an instance over the directory, which ends cleanly; returns what it printed. */
function runTarantool(directory: string, script: string): string {
  const configuration = `box.cfg{ instance_uuid = '${INSTANCE_UUID}', log = 'tarantool.log', checkpoint_count = 10 }`;
  return execFileSync(tarantool!.path, ['-e', `${configuration} ${script} os.exit(0)`], {
    cwd: directory,
    encoding: 'utf8',
    timeout: RUN_TIMEOUT_MS,
  }).trim();
}

/** What is in both spaces: their keys, and a checksum over the payloads. */
const CONTENT_SCRIPT = `
local keys, bytes = {}, 0
for _, space in ipairs({'global', 'rows'}) do
    for _, tuple in box.space[space]:pairs() do
        table.insert(keys, tuple[1])
        bytes = bytes + #(tuple[2] or '')
    end
    table.insert(keys, '|')
end
print(table.concat(keys, ' ') .. ' ' .. bytes .. ' ' .. box.info.lsn .. ' ' .. box.info.signature)
`;

type Transaction = readonly Readonly<{ spaceId: number; key: number; payload?: string }>[];

/** Numbers and encodes transactions as an instance with replica id 1 does. */
class BatchMaker {
  #vclock: number[];

  constructor(vclock: readonly number[]) {
    this.#vclock = [...vclock];
  }

  batch(transactions: readonly Transaction[]): LogBatch {
    const vclockBefore = [...this.#vclock];
    const writer = new ByteWriter();
    const transactionEnds: number[] = [];
    for (const transaction of transactions) {
      this.#write(writer, transaction);
      transactionEnds.push(writer.position);
    }
    return {
      rows: writer.toBytes(),
      transactionEnds,
      durability: 'sync',
      vclockBefore,
      vclockAfter: [...this.#vclock],
    };
  }

  #write(writer: ByteWriter, transaction: Transaction): void {
    const isLocal = transaction.map((row) => row.spaceId === LOCAL_SPACE);
    const hasGlobal = isLocal.includes(false);
    const endsLocal = hasGlobal && isLocal.at(-1) === true;
    const tsn = this.#vclock[hasGlobal ? 1 : 0]! + 1;
    for (const [index, row] of transaction.entries()) {
      const isLast = index === transaction.length - 1 && !endsLocal;
      this.#header(writer, { type: 2, isLocal: isLocal[index]!, tsn, isLast });
      const tuple: Value[] = row.payload === undefined ? [row.key] : [row.key, row.payload];
      const body = encodeToBytes(
        new Map<Value, Value>([
          [BODY_KEY.spaceId, row.spaceId],
          [BODY_KEY.tuple, tuple],
        ]),
      );
      writer.writeBytes(body, 0, body.length);
    }
    if (endsLocal) this.#header(writer, { type: ROW_TYPE_NOP, isLocal: false, tsn, isLast: true });
  }

  #header(writer: ByteWriter, row: { type: number; isLocal: boolean; tsn: number; isLast: boolean }): void {
    const replicaId = row.isLocal ? 0 : 1;
    const header: RowHeader = {
      type: row.type,
      replicaId,
      groupId: row.isLocal ? GROUP_LOCAL : 0,
      lsn: ++this.#vclock[replicaId]!,
      timestampSeconds: 1_700_000_000.25,
      tsn: row.tsn,
      flags: row.isLast ? ROW_FLAG.commit : 0,
    };
    writeRowHeader(writer, header);
  }
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const insert = (key: number, payload?: string): Transaction[number] => ({
  spaceId: GLOBAL_SPACE,
  key,
  ...(payload === undefined ? {} : { payload }),
});
const insertLocal = (key: number): Transaction[number] => ({ spaceId: LOCAL_SPACE, key });

describe.skipIf(tarantool === null)('a log directory shared with Tarantool', () => {
  const env = createWorkerEnv();
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

  beforeAll(async () => {
    directory = await temporaryDirectory('interop');
    runTarantool(
      directory.path,
      `box.schema.space.create('global'):create_index('pk')
       box.schema.space.create('rows', {is_local = true}):create_index('pk')
       box.snapshot()
       box.space.global:insert{1} box.space.rows:insert{1}`,
    );
  });

  afterAll(async () => {
    await directory.remove();
  });

  /** Reads the whole log from the beginning; the keys inserted into both spaces. */
  function recover(): Readonly<{ vclock: readonly number[]; lastFileVclock: readonly number[] | null; rows: number }> {
    const options = { directory: directory.path, instanceUuid: INSTANCE_UUID, vclock: [], forceRecovery: false };
    const reader = new LogReader(env, { ...options, onWarning: () => {} });
    let rows = 0;
    while (reader.read(1 << 16, () => rows++) === 'more');
    return { vclock: reader.vclock, lastFileVclock: reader.lastFileVclock, rows };
  }

  function write(transactions: readonly Transaction[], isStopped: boolean, walMaxSizeBytes = 1 << 28): void {
    const { vclock, lastFileVclock } = recover();
    const writer = new LogFileWriter(
      env,
      {
        directory: directory.path,
        instanceUuid: INSTANCE_UUID,
        softwareVersion: '2.10.0',
        walMode: 'write',
        walMaxSizeBytes,
        vclock,
        lastFileVclock,
      },
      (warning) => expect.fail(warning),
    );
    const maker = new BatchMaker(vclock);
    for (const transaction of transactions)
      expect(writer.writeBatch(maker.batch([transaction]))).toMatchObject({ ok: true });
    expect(
      writer.writeBatch(maker.batch(transactions.map((rows) => rows.map((row) => ({ ...row, key: row.key + 1000 }))))),
    ).toMatchObject({ ok: true });
    if (isStopped) writer.stop();
  }

  /** Keys as inserted by `write`, once alone and once together. */
  const twice = (keys: readonly number[]): readonly number[] => [...keys, ...keys.map((key) => key + 1000)];

  test('what one writes the other reads, in turn', () => {
    const payload = 'a payload that compresses '.repeat(200);
    write(
      [
        [insert(2)],
        [insert(3), insert(4), insert(5)],
        [insertLocal(2)],
        [insertLocal(3), insert(6), insertLocal(4), insert(7), insertLocal(5)],
        [insertLocal(6), insert(8)],
        [insert(9, payload)],
        range(100, 299).map((key) => insert(key, payload)),
      ],
      true,
    );
    const global = [1, ...twice([...range(2, 9), ...range(100, 299)])].sort((left, right) => left - right);
    const local = [1, ...twice(range(2, 6))].sort((left, right) => left - right);
    const first = recover();
    const signature = first.vclock[0]! + first.vclock[1]!;
    const describe = (globalKeys: readonly number[]): string =>
      `${globalKeys.join(' ')} | ${local.join(' ')} | ${2 * 201 * payload.length}`;
    expect(runTarantool(directory.path, CONTENT_SCRIPT)).toBe(`${describe(global)} ${first.vclock[1]} ${signature}`);

    // Tarantool goes on in the empty file that our stop left, and checks the whole chain again after us, also when our
    // last file has no end marker.
    runTarantool(directory.path, 'box.space.global:insert{5000} box.space.global:insert{5001}');
    expect(recover().rows).toBe(first.rows + 2);
    write([[insert(6000)], [insert(6001), insert(6002)]], false, 500);
    const last = recover();
    expect(last.rows).toBe(first.rows + 8);
    const all = [...global, 5000, 5001, 6000, 6001, 6002, 7000, 7001, 7002];
    expect(runTarantool(directory.path, CONTENT_SCRIPT)).toBe(
      `${describe(all)} ${last.vclock[1]} ${last.vclock[0]! + last.vclock[1]!}`,
    );
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { environmentName, RUN_OPTIONS, type RunOptionName } from '../config/index.ts';
import { DEFAULT_INSTANCE_OPTIONS } from '../instance/index.ts';
import { valuesOfDocument } from './option-file.ts';
import { mergeValues, type OptionValues, OPTION_NAMES, valuesOfEnvironment, valuesOfFlags } from './option-values.ts';
import { runSettings } from './run-settings.ts';
import { UsageError } from './usage-error.ts';

const NONE: OptionValues = new Map();

function settingsOfFlags(flags: Readonly<Partial<Record<RunOptionName, string>>>): ReturnType<typeof runSettings> {
  return runSettings(mergeValues(NONE, NONE, valuesOfFlags(flags)));
}

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  throw new Error('the value was accepted');
}

it('without anything given all is as in the table of options', () => {
  expect(runSettings(NONE)).toEqual({
    instance: DEFAULT_INSTANCE_OPTIONS,
    cookie: null,
    expression: null,
    log: { level: 'info', format: 'plain', destination: 'stderr' },
  });
});

it('every option reaches its setting', () => {
  const settings = settingsOfFlags({
    dataDir: 'd',
    listen: '0.0.0.0:1',
    httpListen: ':81',
    clusterId: 'c',
    instanceId: 'i7',
    replicasetId: 'r7',
    clusterCookie: 'secret',
    adminSock: 'a.sock',
    script: 's.mjs',
    tarantoolExec: 'print(1)',
    log: 'l.log',
    logLevel: 'debug',
    logFormat: 'json',
    memtxMemory: '1G',
    netMsgMax: '768',
    walMode: 'fsync',
    walMaxSize: '64k',
    checkpointInterval: '0.5',
    checkpointCount: '7',
  } satisfies Record<RunOptionName, string>);
  expect(settings).toMatchObject({
    instance: {
      dataDir: 'd',
      listen: { host: '0.0.0.0', port: 1 },
      httpListen: { host: 'localhost', port: 81 },
      clusterId: 'c',
      instanceId: 'i7',
      replicasetId: 'r7',
      script: 's.mjs',
      adminSocket: 'a.sock',
      memtxMemoryBytes: 1024 ** 3,
      netMsgMax: 768,
      walMode: 'fsync',
      walMaxSizeBytes: 64 * 1024,
      checkpointIntervalSeconds: 0.5,
      checkpointCount: 7,
    },
    cookie: { text: 'secret', source: '--cluster-cookie' },
    expression: { text: 'print(1)', source: '--tarantool-exec' },
    log: { level: 'debug', format: 'json', destination: { file: 'l.log' } },
  });
});

it('a flag wins over a variable, a variable over the file', () => {
  const subset = fc.subarray([...OPTION_NAMES]);
  fc.assert(
    fc.property(subset, subset, subset, (inFile, inEnvironment, inFlags) => {
      const document = Object.fromEntries(inFile.map((name) => [RUN_OPTIONS[name].flag, 'file']));
      const environment = Object.fromEntries(inEnvironment.map((name) => [environmentName(RUN_OPTIONS[name]), 'env']));
      const flags = Object.fromEntries(inFlags.map((name) => [name, 'flag']));
      const merged = mergeValues(
        valuesOfDocument('x.yaml', document),
        valuesOfEnvironment({ ...environment, PATH: '/bin', PICODATA_OTHER: '1' }),
        valuesOfFlags(flags),
      );
      for (const name of OPTION_NAMES) {
        const expected = inFlags.includes(name)
          ? 'flag'
          : inEnvironment.includes(name)
            ? 'env'
            : inFile.includes(name)
              ? 'file'
              : undefined;
        expect(merged.get(name)?.text).toBe(expected);
      }
    }),
  );
});

describe('a bad value is refused with its flag and what is accepted', () => {
  const cases: readonly (readonly [RunOptionName, string, string])[] = [
    ['listen', 'a:b', "--listen: 'a:b' is not an address such as localhost:3301"],
    ['listen', ':65536', "--listen: ':65536' is not an address such as localhost:3301"],
    ['httpListen', 'a:b', "--http-listen: 'a:b' is not an address such as localhost:8080"],
    ['httpListen', ':65536', "--http-listen: ':65536' is not an address such as localhost:8080"],
    ['httpListen', '', '--http-listen: the value is empty'],
    ['clusterId', 'a b', "--cluster-id: 'a b' is not a name: letters, digits, '_', '-' and '.', at most 63"],
    ['memtxMemory', '12Q', "--memtx-memory: '12Q' is not a size such as 256M"],
    ['memtxMemory', '1M', "--memtx-memory: '1M' is less than the smallest size, 33554432 bytes"],
    ['walMode', 'sync', "--wal-mode: 'sync' is none of none, write, fsync"],
    ['logLevel', 'loud', "--log-level: 'loud' is none of fatal, system, error, crit, warn, info, verbose, debug"],
    ['logFormat', 'xml', "--log-format: 'xml' is none of plain, json"],
    ['checkpointInterval', '-1', "--checkpoint-interval: '-1' is not a number of seconds"],
    ['netMsgMax', '1', "--net-msg-max: '1' is less than 2"],
    ['checkpointCount', '0', "--checkpoint-count: '0' is less than 1"],
    ['dataDir', '', '--data-dir: the value is empty'],
    ['clusterCookie', '', '--cluster-cookie: the value is empty'],
  ];
  it.each(cases)('%s %j', (name, text, expected) => {
    expect(refusal(() => settingsOfFlags({ [name]: text }))).toBe(expected);
  });
});

it('a bad value is named by the place that gave it, and only if it counts', () => {
  const variable = valuesOfEnvironment({ PICODATA_WAL_MODE: 'x' });
  expect(refusal(() => runSettings(mergeValues(NONE, variable, NONE)))).toBe(
    "PICODATA_WAL_MODE: 'x' is none of none, write, fsync",
  );
  const file = valuesOfDocument('p.toml', { wal_mode: 'x' });
  expect(refusal(() => runSettings(mergeValues(file, NONE, NONE)))).toBe(
    "p.toml: key 'wal_mode': 'x' is none of none, write, fsync",
  );
  expect(runSettings(mergeValues(file, variable, valuesOfFlags({ walMode: 'none' }))).instance.walMode).toBe('none');
});

it('an empty variable for the cookie does not open the instance', () => {
  expect(refusal(() => mergeValues(NONE, valuesOfEnvironment({ PICODATA_CLUSTER_COOKIE: '' }), NONE))).toBe(
    'PICODATA_CLUSTER_COOKIE: the value is empty',
  );
});

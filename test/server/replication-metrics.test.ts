/** What the metrics of a master and of its replica say while they are together, and when the master is gone. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_REPLICATION_OPTIONS } from '../../src/replication/index.ts';
import { type RunningInstance, startInstance, type StartOptions } from '../../src/index.ts';
import { temporaryDirectory } from '../support/child-server.ts';

const MEMTX_MEMORY_BYTES = 32 * 1024 * 1024;

let parent: Readonly<{ path: string; remove: () => Promise<void> }>;
let instances: RunningInstance[];

beforeEach(async () => {
  parent = await temporaryDirectory('metrics');
  instances = [];
});

afterEach(async () => {
  for (const instance of instances) await instance.stop();
  await parent.remove();
});

async function start(name: string, options: StartOptions): Promise<RunningInstance> {
  const instance = await startInstance({
    dataDir: join(parent.path, name),
    instanceId: name,
    listen: 'localhost:0',
    httpListen: 'localhost:0',
    trust: 'open',
    memtxMemoryBytes: MEMTX_MEMORY_BYTES,
    log: { level: 'fatal', format: 'plain', destination: 'stderr' },
    ...options,
  });
  instances.push(instance);
  return instance;
}

type Samples = ReadonlyMap<string, number>;

async function scrape(instance: RunningInstance): Promise<Samples> {
  const response = await fetch(`http://${instance.information.httpListen}/metrics`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end))];
    }),
  );
}

async function scrapeUntil(instance: RunningInstance, isReached: (samples: Samples) => boolean): Promise<Samples> {
  for (;;) {
    const samples = await scrape(instance);
    if (isReached(samples)) return samples;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('tells of both ends of a connection', async () => {
  const master = await start('m', {});
  const [source = ''] = master.information.listen;
  const replication = { ...DEFAULT_REPLICATION_OPTIONS, sources: [source], timeoutMs: 200 };
  const replica = await start('r', { replication, readOnly: true });
  const toMaster = `replica_id="1",replica_uuid="${master.information.instanceUuid}"`;
  const toReplica = `replica_id="2",replica_uuid="${replica.information.instanceUuid}"`;

  master.api.schema.createSpace('rows', { format: [{ name: 'id', type: 'unsigned' }] });
  await master.durable();
  const lsn = (await scrape(master)).get('picodata_lsn') ?? NaN;
  expect(lsn).toBeGreaterThan(1);

  const below = await scrapeUntil(replica, (samples) => samples.get('picodata_vclock{replica_id="1"}') === lsn);
  expect(below.get(`picodata_upstream_status{${toMaster},status="follow"}`)).toBe(1);
  expect(below.get(`picodata_upstream_status{${toMaster},status="stopped"}`)).toBe(0);
  expect(below.get(`picodata_upstream_idle_seconds{${toMaster}}`)).toBeGreaterThanOrEqual(0);
  expect(below.has(`picodata_upstream_lag_seconds{${toMaster}}`)).toBe(true);
  expect(below.get(`picodata_replica_lsn{${toMaster}}`)).toBe(lsn);
  expect(below.get('picodata_read_only')).toBe(1);
  expect(below.get('picodata_orphan')).toBe(0);

  const acknowledged = `picodata_downstream_vclock{${toReplica},component="1"}`;
  const consumer = `picodata_log_consumer_signature{consumer="replica ${replica.information.instanceUuid}"}`;
  const above = await scrapeUntil(
    master,
    (samples) => samples.get(acknowledged) === lsn && samples.get(consumer) === lsn,
  );
  expect(above.get(`picodata_downstream_status{${toReplica},status="follow"}`)).toBe(1);
  expect(above.get(`picodata_downstream_status{${toReplica},status="stopped"}`)).toBe(0);
  expect(above.get(`picodata_downstream_idle_seconds{${toReplica}}`)).toBeGreaterThanOrEqual(0);
  expect(above.get('picodata_synchro_quorum')).toBe(2);
  expect(above.get('picodata_election_state{state="follower"}')).toBe(1);

  await master.stop();
  const gone = `picodata_upstream_status{${toMaster},status="disconnected"}`;
  const alone = await scrapeUntil(replica, (samples) => samples.get(gone) === 1);
  expect(alone.get(`picodata_upstream_status{${toMaster},status="follow"}`)).toBe(0);
});

it('says that an instance is an orphan', async () => {
  const first = await start('o', {});
  const [source = ''] = first.information.listen;
  await first.stop();
  const replication = { ...DEFAULT_REPLICATION_OPTIONS, sources: [source], connectTimeoutMs: 100, timeoutMs: 100 };
  const orphan = await start('o', { replication });
  expect((await scrape(orphan)).get('picodata_orphan')).toBe(1);
  expect((await scrape(orphan)).get('picodata_read_only')).toBe(1);
});

// A member of our group in the benchmark: an instance that syncs its log, and the procedures that the load calls.
import { defineProcedure, results, startInstance } from '../../dist/index.js';

const [id, listen, dataDir, members] = process.argv.slice(2);

const instance = await startInstance({
  dataDir,
  listen,
  trust: 'open',
  walMode: 'write',
  raft: { id: Number(id), members: JSON.parse(members) },
});

// Resolves when the entry is committed and applied here.
instance.register(
  defineProcedure('bench_put', async (_api, key, value) => {
    await instance.raft.propose({ kind: 'replace', space: '_pico_property', tuple: [key, value] });
  }),
);

instance.register(
  defineProcedure('bench_status', () => {
    const { id: ownId, leaderId, term, applied } = instance.raft.status();
    return results(ownId, leaderId, term, applied);
  }),
);

instance.register(
  defineProcedure('bench_transfer', async (_api, to) => {
    await instance.raft.transferLeadership(to);
    return true;
  }),
);

process.once('SIGTERM', () => void instance.stop().then(() => process.exit(0)));

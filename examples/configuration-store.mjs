/**
 * A configuration store of three instances, one process each: `node examples/configuration-store.mjs 1`, then 2 and 3. Whoever is
 * asked, the answer is that of all; any one of them may be lost. Its procedures, for clients:
 *
 * - `set(key, value)`: the index of the change in the log;
 * - `get(key)`: the value, or null; it has everything that was acknowledged before;
 * - `compare_and_set(key, expected, value)`: whether it was set; null expects no value;
 * - `remove(key)`.
 *
 * Who watches `configuration.KEY` hears of the value now and of each change, by way of the instance it is connected to.
 */
import { BoxError, defineProcedure, startInstance } from 'picodata';

const SPACE = '_pico_property';
const DEFAULT_ADDRESSES = 'localhost:3301,localhost:3302,localhost:3303';
/** Somebody else has changed the key since it was read. */
const CAS_CONFLICT_FOUND = 10007;

const members = (process.env.CONFIGURATION_STORE ?? DEFAULT_ADDRESSES)
  .split(',')
  .map((address, at) => ({ id: at + 1, address }));
const self = members.find(({ id }) => id === Number(process.argv[2]));
if (self === undefined) throw new Error(`which one is this? node configuration-store.mjs 1..${members.length}`);

const replace = (key, value) => ({ kind: 'replace', space: SPACE, tuple: [key, value] });
const valueOf = (api, key) => api.space(SPACE).get(key)?.[1] ?? null;

const set = defineProcedure('set', async (_api, key, value) => {
  const { index } = await instance.raft.propose(replace(key, value));
  return index;
});

const get = defineProcedure('get', async (api, key) => {
  await instance.raft.readIndex();
  return valueOf(api, key);
});

const compareAndSet = defineProcedure('compare_and_set', async (api, key, expected, value) => {
  await instance.raft.readIndex();
  // The value and the index belong together: nothing comes between two lines without an await.
  const { applied: index } = instance.raft.status();
  if (valueOf(api, key) !== expected) return false;
  try {
    await instance.raft.compareAndSwap(replace(key, value), { index });
    return true;
  } catch (error) {
    if (error instanceof BoxError && error.code === CAS_CONFLICT_FOUND) return false;
    throw error;
  }
});

const remove = defineProcedure('remove', async (_api, key) => {
  await instance.raft.propose({ kind: 'delete', space: SPACE, key: [key] });
});

const instance = await startInstance({
  dataDir: `data-store/${self.id}`,
  listen: self.address,
  trust: 'open',
  raft: { id: self.id, members },
  procedures: [set, get, compareAndSet, remove],
  log: { level: 'info', format: 'plain', destination: 'stderr' },
});

const { api } = instance;
const announce = (key, value) => api.broadcast(`configuration.${key}`, value);
for (const [key, value] of api.space(SPACE).select()) announce(key, value);
api.space(SPACE).onReplace((before, after) => announce((after ?? before)[0], after?.[1] ?? null));

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => instance.stop().then(() => process.exit(0)));
console.log(`instance ${self.id} of the configuration store is ready`);

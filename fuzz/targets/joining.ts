/**
 * A fresh server whose master gives it a broken state: its start fails with an error of the database or gets the state
 * after all, it never crashes, and what was left behind does not keep the next start from getting it.
 */
import { BoxError, boxError, ByteWriter, defined, type SeededRandom } from '../../src/base/index.ts';
import { encodeJoin, ERROR_RESPONSE, REQUEST_TYPE } from '../../src/codec/iproto/index.ts';
import { checkEngine, rowsOf } from '../engine-state.ts';
import { mutated } from '../generate.ts';
import { FalseMaster } from '../replication/false-master.ts';
import { drawWrongValue, field, framed, packetOf, RawPeer } from '../replication/packets.ts';
import { PORT, spaceRows, Stage } from '../replication/stage.ts';
import { Finding, require, type FuzzTarget } from '../target.ts';

const CASES_PER_STAGE = 50;
const MASTER = 'master';
const SPACE = 512;
const LENGTH_BYTES = 5;
const UUID = '00000000-0000-4000-8000-000000000002';
const KEYS = 20;
const NO_CONNECTION = boxError('NO_CONNECTION').code;
/** What a connection may end with that breaks: all else is a failure of the server's own code. */
const LOST = /Peer closed|ECONN|EPIPE/;

/** The packets of a whole JOIN, and whose they are. */
type Recording = Readonly<{ master: FalseMaster; packets: readonly Uint8Array[] }>;

/** A real master joins a replica; then there is a false one in its place. */
async function record(stage: Stage): Promise<Recording> {
  const origin = await stage.start(MASTER, { options: { trust: { kind: 'open' } } });
  const rows = Array.from({ length: KEYS }, (_, key) => [SPACE, [key, `row ${key}`]] as const);
  await stage.write(origin, [...spaceRows(SPACE, {}), ...rows]);
  const peer = await stage.settled(
    RawPeer.connect(stage.host('peer').createEnv({ logLevel: 'fatal' }), MASTER, PORT),
    1000,
  );
  const writer = new ByteWriter(64);
  encodeJoin(writer, { sync: 0 }, UUID);
  peer.send(writer.toBytes());
  const ends = (): number => peer.answers.filter(({ type }) => type === REQUEST_TYPE.ok).length;
  require(await stage.until(() => ends() === 3, 2000), 'the recording has an end');
  const identity = {
    instanceUuid: origin.storage.instanceUuid,
    replicasetUuid: origin.box.catalog.replicasetUuid,
    replicaId: 1,
    version: '2.10.0',
  };
  stage.host(MASTER).kill();
  const packets = peer.answers.map(({ bytes }) => framed(bytes));
  const master = new FalseMaster(identity, { join: () => packets });
  const env = stage.host(MASTER).createEnv({ logLevel: 'fatal' });
  await stage.settled(master.listen(env, { kind: 'tcp', host: '0.0.0.0', port: PORT }), 1000);
  return { master, packets };
}

/** The packets with something wrong among them. */
function broken(packets: readonly Uint8Array[], random: SeededRandom): readonly Uint8Array[] {
  // The marks of the stages, and the rows behind the state, are few and matter most.
  const at = random.chance(0.4) ? packets.length - 1 - random.below(4) : random.below(packets.length);
  const [before, packet, after] = [packets.slice(0, at), defined(packets[at], 'a packet'), packets.slice(at + 1)];
  switch (random.below(8)) {
    case 0:
      return [...before, ...after];
    case 1:
      return [...before, packet, packet, ...after];
    case 2:
      return [...before, ...after.slice(0, 1), packet, ...after.slice(1)];
    case 3:
      return [...before, framed(mutated(packet.subarray(LENGTH_BYTES), random)), ...after];
    case 4:
      return [...before, mutated(packet, random), ...after];
    case 5:
      return [...before, packetOf([field(0, ERROR_RESPONSE | random.pick([7, 20, 42, 116]))], [field(0x31, 'no')])];
    case 6:
      return [...before, packetOf([field(0, 0)], [[0x26, drawWrongValue(random)]]), ...after];
    default:
      return [...before, framed(drawWrongValue(random)), ...after];
  }
}

async function checkJoin(
  stage: Stage,
  random: SeededRandom,
  { master, packets }: Recording,
  name: string,
): Promise<void> {
  const start = {
    options: { dataDir: '/data', uuids: { instance: UUID, replicaset: master.identity.replicasetUuid } },
    replication: { sources: [`${MASTER}:${PORT}`] },
  };
  const honest = master.honest;
  const wrong = broken(packets, random);
  master.next = { ...honest, join: () => wrong };
  const host = stage.host(name);
  // Where nothing more comes the server waits, and is told nothing by its own clock for a minute.
  const drop = stage.world.schedule(stage.world.nowMs + 300, 'drop', null, () => master.dropAll());
  try {
    const instance = await stage.start(name, start);
    checkEngine(instance.box);
  } catch (error) {
    if (!(error instanceof BoxError)) throw new Finding(`the start fails with ${String(error)}`, { cause: error });
    require(error.code !== NO_CONNECTION || LOST.test(error.message), `the start fails with ${error.message}`);
    host.kill();
    master.next = null;
    const instance = await stage.start(name, start);
    checkEngine(instance.box);
    require(rowsOf(instance.box, SPACE).length === KEYS, 'the next start does not get the state');
  } finally {
    drop.isCancelled = true;
  }
  host.kill();
  master.dropAll();
  await stage.pass(1);
}

export const JOINING_TARGET: FuzzTarget = {
  name: 'joining',
  smokeCases: 25,
  longCases: 3000,
  run: async (random, cases, onCase) => {
    for (let done = 0; done < cases; done += CASES_PER_STAGE) {
      const stage = new Stage(random.uint32());
      await stage.guarded(async () => {
        const recording = await record(stage);
        for (let number = done; number < Math.min(cases, done + CASES_PER_STAGE); number++) {
          onCase(number);
          await checkJoin(stage, random, recording, `fresh ${number}`);
        }
      });
    }
  },
};

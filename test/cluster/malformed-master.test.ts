/**
 * A replica whose master is replaced by one that says what no master would: it goes on serving, shows what is wrong, has
 * nothing of half a transaction, and follows again when the master has come to reason.
 */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Behaviour, FalseMaster } from '../../fuzz/replication/false-master.ts';
import { field, packetOf, rowPacket, type RowParts, tupleBody } from '../../fuzz/replication/packets.ts';
import type { Listener } from '../../src/env/index.ts';
import { createTestEnv } from '../support/node-env.ts';
import { hasBothKinds, KINDS, type Kind, replicationOf, type Server, Servers } from './servers.ts';

const SPACE = 600;
const NO_SPACE = 9999;
const OWN_ID = 2;

/** What comes behind the answer to SUBSCRIBE, or before it; `message` as `box.info.replication` shows it. */
type Scenario = Readonly<{
  name: string;
  message: string;
  /** The same of 2.6.0 where it is another; null: it takes this for right, or is not to be asked. */
  theirs?: string | null | undefined;
  behaviour: (scene: Scene) => Partial<Behaviour>;
}>;

class Scene {
  readonly replica: Server;
  readonly master: FalseMaster;
  /** Whose place the master has. */
  readonly #former: Server;
  /** The last LSN of the master that is in use. */
  lsn: number;
  #good: Readonly<{ lsn: number; packet: Uint8Array }>[] = [];
  #values: number[] = [];

  constructor(replica: Server, former: Server, master: FalseMaster, lsn: number) {
    this.replica = replica;
    this.#former = former;
    this.master = master;
    this.lsn = lsn;
    this.behave();
  }

  row(parts: Partial<RowParts>, ahead = 1): Uint8Array {
    const lsn = this.lsn + ahead;
    return rowPacket({ type: 2, replicaId: 1, lsn, body: tupleBody(SPACE, [1000 + lsn]), ...parts });
  }

  /** The rows that the replica lacks, and these. */
  stream(...packets: readonly Uint8Array[]): Behaviour['stream'] {
    return (vclock) => {
      const missing = this.#good.filter(({ lsn }) => lsn > (vclock[1] ?? 0)).map(({ packet }) => packet);
      return [this.master.answer({ 1: this.lsn }), this.master.heartbeat(), ...missing, ...packets];
    };
  }

  /** On all connections from now on; those that stand end. */
  behave(behaviour: Partial<Behaviour> = {}): void {
    const reasonable: Behaviour = {
      greeting: (greeting) => greeting,
      vote: (answer) => answer,
      stream: this.stream(),
      join: () => [],
      leaves: false,
    };
    this.master.honest = { ...reasonable, ...behaviour };
    this.master.dropAll();
  }

  /** The master writes one more row. */
  write(): void {
    this.lsn++;
    this.#values.push(this.lsn);
    this.#good.push({ lsn: this.lsn, packet: this.row({ body: tupleBody(SPACE, [this.lsn]) }, 0) });
  }

  /** The replica has what the master wrote, and nothing else. */
  async expectRows(): Promise<void> {
    expect(await this.replica.json(`fed()`)).toEqual(this.#values);
  }

  /** The master is itself again: one that has stopped is told so, all others find out. */
  async recovers(): Promise<void> {
    this.write();
    this.behave();
    if ((await this.replica.eval('return upstream().status')) === 'stopped') {
      await this.replica.eval('box.cfg{ replication = {} }');
      await this.replica.eval(`box.cfg{ ${replicationOf([this.#former])} }`);
    }
    await this.replica.until(`box.info.vclock[1] == ${this.lsn}`);
    await this.replica.follows();
    await this.expectRows();
  }
}

const said = (
  message: string,
  theirs: string | null | undefined,
  name: string,
  packets: (scene: Scene) => readonly Uint8Array[],
): Scenario => {
  return { name, message, theirs, behaviour: (scene) => ({ stream: scene.stream(...packets(scene)) }) };
};

const CONSOLE = `${'Tarantool 2.6.0 (Lua console)'.padEnd(63)}\n${"type 'help'".padEnd(63)}\n`;

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'the greeting of a console',
    message: 'Connection is not established: The peer is a console, not an iproto server',
    theirs: 'Unsupported protocol for replication',
    behaviour: () => ({ greeting: () => Buffer.from(CONSOLE) }),
  },
  {
    name: 'a greeting that is none',
    message: 'Invalid greeting',
    behaviour: () => ({ greeting: () => new Uint8Array(128).fill(65) }),
  },
  {
    name: 'a ballot of other kinds',
    message: 'Invalid MsgPack - invalid VCLOCK',
    theirs: 'Invalid MsgPack - packet body',
    behaviour: () => ({ vote: () => packetOf([field(0, 0)], [field(0x29, new Map([[2, 'x']]))]) }),
  },
  {
    name: 'no ballot',
    message: 'Invalid MsgPack - packet body',
    theirs: null,
    behaviour: () => ({ vote: () => packetOf([field(0, 0)], [field(0x29, 5)]) }),
  },
  said("Space '9999' does not exist", undefined, 'a row of an unknown space', (scene) => [
    scene.row({ body: tupleBody(NO_SPACE, [1]) }),
  ]),
  said('Unknown request type 99', "Missing mandatory field 'type' in request", 'a row of an unknown kind', (scene) => [
    scene.row({ type: 99 }),
  ]),
  said("Missing mandatory field 'tuple' in request", undefined, 'a row without a tuple', (scene) => [
    scene.row({ body: [field(0x10, SPACE)] }),
  ]),
  said(
    'replication does not support interleaving transactions',
    undefined,
    'two transactions in each other',
    (scene) => [scene.row({ isLast: false }), scene.row({}, 2)],
  ),
  said(
    'Transaction id must be equal to LSN of the first row in the transaction.',
    undefined,
    'a transaction without its beginning',
    (scene) => [scene.row({ tsn: scene.lsn + 1 }, 2)],
  ),
  said("Space '9999' does not exist", undefined, 'a transaction that does not fit as a whole', (scene) => [
    scene.row({ isLast: false }),
    scene.row({ tsn: scene.lsn + 1, body: tupleBody(NO_SPACE, [1]) }, 2),
  ]),
  said('a row without a replica id', null, 'a row of nobody', (scene) => [scene.row({ replicaId: 0 })]),
  said('Invalid MsgPack - packet body', null, 'a row of replica 32', (scene) => [scene.row({ replicaId: 32 })]),
  said('rows of replica 2 were not asked for', null, "a row of the replica's own", (scene) => [
    scene.row({ replicaId: OWN_ID, lsn: 1000 }),
  ]),
  said('Invalid MsgPack - packet length', null, 'bytes that are no packet', () => [Uint8Array.of(0xc1, 1, 2, 3, 4)]),
  {
    name: 'half a transaction, and the end',
    message: 'Connection is not established: Peer closed',
    theirs: 'unexpected EOF when reading from socket',
    behaviour: (scene) => ({ stream: scene.stream(scene.row({ isLast: false })), leaves: true }),
  },
];

let servers: Servers;
let listener: Listener | null = null;
beforeEach(async () => {
  servers = await Servers.open();
});
afterEach(async () => {
  await listener?.close();
  await servers.close();
});

/** A replica that has joined a master, in whose place there is a false one now. */
async function openScene(kind: Kind): Promise<Scene> {
  const former = await servers.master('master', kind);
  await former.eval(`box.schema.space.create('fed', { id = ${SPACE} }):create_index('primary')`);
  const replica = servers.add('replica', kind);
  const configuration = `${replicationOf([former])} replication_connect_timeout = 1, replication_connect_quorum = 0, replication_sync_timeout = 1,`;
  const before = `function fed() local keys = {} for _, row in box.space.fed:pairs() do table.insert(keys, row[1]) end return keys end`;
  await replica.start({ configuration, before });
  await replica.follows();
  const identity = {
    instanceUuid: String(await former.eval('return box.info.uuid')),
    replicasetUuid: String(await former.eval('return box.info.cluster.uuid')),
    replicaId: 1,
    version: '2.6.0',
  };
  await replica.until(`box.info.vclock[1] == ${Number(await former.eval('return box.info.lsn'))}`);
  const lsn = Number(await former.eval('return box.info.lsn'));
  await former.kill();
  const master = new FalseMaster(identity, {});
  rmSync(former.socket, { force: true });
  listener = await master.listen(createTestEnv(), { kind: 'unix', path: former.socket });
  return new Scene(replica, former, master, lsn);
}

describe.runIf(hasBothKinds).each(KINDS)('a replica, %s', (kind) => {
  const scenarios = SCENARIOS.filter(({ theirs }) => kind === 'picodata' || theirs !== null);

  it('shows what is wrong with its master, keeps whole transactions only, and follows when it may', async () => {
    const scene = await openScene(kind);
    await scene.recovers();
    for (const { name, message, theirs, behaviour } of scenarios) {
      const text = kind === 'picodata' ? message : (theirs ?? message);
      scene.behave(behaviour(scene));
      await scene.replica.until(
        `upstream() ~= nil and (upstream().message or ''):startswith([[${text}]]) or '${name.replaceAll("'", '')}'`,
      );
      expect(await scene.replica.json('box.info.vclock[1]')).toBe(scene.lsn);
      await scene.expectRows();
      await scene.recovers();
    }
    await scene.replica.eval('box.snapshot()');
    await scene.replica.kill();
    await scene.replica.start();
    await scene.recovers();
  });

  it('takes what is strange and may be: gaps, what it has already, and rows of those who are no members', async () => {
    const scene = await openScene(kind);
    await scene.recovers();
    scene.lsn += 50;
    await scene.recovers();
    const again = scene.row({ body: tupleBody(SPACE, [7777]) }, 0);
    const strange = scene.row({ replicaId: 17, lsn: 1, body: tupleBody(SPACE, [8888]) });
    scene.behave({ stream: scene.stream(again, strange) });
    await scene.replica.until('box.info.vclock[17] == 1');
    expect(await scene.replica.json('fed()')).toEqual([scene.lsn - 51, scene.lsn, 8888]);
  });
});

/** Rows by which a replica set agrees on what is final and who writes, with contents by chance. */
import type { SeededRandom } from '../../src/base/index.ts';
import { REQUEST_TYPE } from '../../src/codec/iproto/index.ts';
import type { History } from './history.ts';
import { drawWrongValue, field, type Fields, packetOf, rowPacket, tupleBody, vclockOf } from './packets.ts';

/** No few mistakes make it of the space of all other rows. */
export const SYNC_SPACE = 777;

/** Packets of one such thing, or a transaction that needs agreement. */
export function drawAgreement(random: SeededRandom, history: History): readonly Uint8Array[] {
  if (random.chance(0.2)) return history.next().packets;
  if (random.chance(0.2)) return [drawElectionMessage(random)];
  const replicaId = random.pick([1, 1, 1, 3, 17]);
  const lsn = history.lsnOf(replicaId) + 1;
  history.skipTo(replicaId, lsn);
  if (random.chance(0.4)) {
    return [
      rowPacket({ type: REQUEST_TYPE.replace, replicaId, lsn, body: tupleBody(SYNC_SPACE, [random.below(9), 'x']) }),
    ];
  }
  const { confirm, rollbackSync, raftPromote, raftDemote } = REQUEST_TYPE;
  const type = random.pick([confirm, confirm, rollbackSync, raftPromote, raftDemote]);
  const body: (readonly [number, Uint8Array])[] = [
    field(0x02, random.pick([0, 1, 1, 1, 2, 3, 31, 32, 1000])),
    field(0x03, random.pick([0, 1, lsn - 1, lsn - 1, lsn, lsn + 5, 2 ** 40])),
  ];
  if (type === raftPromote || type === raftDemote) body.push(field(0x53, random.pick([0, 1, 2, 3, 5, 2 ** 40])));
  if (random.chance(0.1)) body.push(field(0x26, vclockOf({ 1: 5 })));
  return [rowPacket({ type, replicaId, lsn, body: random.chance(0.1) ? wrong(body, random) : body })];
}

function drawElectionMessage(random: SeededRandom): Uint8Array {
  const body = [
    field(0, random.pick([0, 1, 2, 3, 2 ** 40])),
    field(1, random.pick([0, 1, 2, 3, 31, 40])),
    field(2, random.pick([0, 1, 2, 3, 4, 100])),
    field(4, random.below(5)),
    field(5, random.chance(0.5)),
  ];
  if (random.chance(0.5)) body.push(field(3, vclockOf({ 1: random.below(100), 3: 2 })));
  return packetOf([field(0x00, REQUEST_TYPE.raft), field(0x02, 1)], random.chance(0.2) ? wrong(body, random) : body);
}

function wrong(body: Fields, random: SeededRandom): Fields {
  const at = random.below(body.length);
  return body.map(([key, value], index) => [key, index === at ? drawWrongValue(random) : value]);
}

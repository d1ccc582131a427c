/** For whom a batch is: of two instances of one member, one may not take what answers the other. */
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../base/index.ts';
import { raftId } from '../../raft/index.ts';
import { BoxFixture } from './box-fixture.ts';
import { GroupDoor } from './door.ts';
import { type Batch, type Life, type Sender, writeBatch } from './message-codec.ts';

const [SELF, OTHER] = [raftId(1), raftId(2)];

function life(place: number, startCount: number, startNonce = 7): Life {
  return { directoryUuid: new Uint8Array(16).fill(place), startCount, startNonce };
}

class Fixture {
  received = 0;
  disbelievedBy: number[] = [];
  readonly door: GroupDoor;

  constructor(own: Sender) {
    const box = new BoxFixture();
    const directory = { judge: () => 'known' } as never;
    this.door = new GroupDoor(box.box, SELF, box.newStore(), directory, {
      receive: () => this.received++,
      onDisbelieved: (by: number) => this.disbelievedBy.push(by),
    } as never);
    this.door.introduce(own);
  }

  accept(recipient: Life | null): void {
    const sender: Sender = { ...life(9, 1), id: OTHER, formerUuids: [] };
    const batch: Batch = { sender, address: '', recipient, messages: [] };
    const writer = new ByteWriter(64);
    writeBatch(writer, batch);
    this.door.accept(writer.toBytes());
  }
}

describe('a batch', () => {
  const moved: Sender = { ...life(2, 5), id: SELF, formerUuids: [life(1, 0).directoryUuid] };

  it.each<[string, Life | null]>([
    ['for nobody in particular', null],
    ['for this start', life(2, 5)],
    ['for an earlier start', life(2, 4)],
    ['for a start in the place that it was moved from', life(1, 4)],
  ])('%s is taken', (_, recipient) => {
    const fixture = new Fixture(moved);
    fixture.accept(recipient);
    expect([fixture.received, fixture.disbelievedBy]).toEqual([1, []]);
  });

  it.each<[string, Life]>([
    ['for a later start', life(2, 6)],
    ['for another start that counts alike', life(2, 5, 8)],
    ['for a later start in the place that it was copied from', life(1, 5)],
    ['for a copy in another place', life(3, 4)],
  ])('%s is not taken, and who has sent it is known to believe somebody else', (_, recipient) => {
    const fixture = new Fixture(moved);
    fixture.accept(recipient);
    expect([fixture.received, fixture.disbelievedBy]).toEqual([0, [OTHER]]);
  });
});

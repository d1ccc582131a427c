/** What a directory says of itself after it was moved, and what is durable when it is trusted. */
import { describe, expect, it } from 'vitest';
import { boxError, SeededRandom } from '../../base/index.ts';
import type { Env, FileStatus } from '../../env/index.ts';
import { EMPTY_MEMBERSHIP, NO_ONE, raftId, RaftNode } from '../../raft/index.ts';
import { TEST_OPTIONS } from '../../raft/group-fixture.ts';
import { MemoryFiles } from '../../../test/support/memory-files.ts';
import { BoxFixture } from './box-fixture.ts';
import { type Doubt, judgeLife, MemberDirectory } from './directory.ts';
import { durable } from './establishing.ts';
import type { Sender } from './message-codec.ts';
import type { RaftStore } from './store.ts';
import { HeardMembers } from './verification.ts';

const PATH = '/data';
const SELF = raftId(1);

/** Files of a directory that can be moved, beside the box that is kept in it. */
class Disk extends MemoryFiles {
  inode = 1;

  override status(path: string): FileStatus | null {
    if (path !== PATH) return super.status(path);
    return {
      kind: 'directory',
      sizeBytes: 0,
      modifiedSeconds: 0,
      device: 1,
      inode: this.inode,
      birthMs: 0,
      permissions: 0o750,
    };
  }
}

class Fixture {
  readonly disk = new Disk();
  readonly box = new BoxFixture();
  readonly #random = new SeededRandom(7);
  store: RaftStore = this.box.newStore();
  directory = this.#newDirectory();

  #newDirectory(): MemberDirectory {
    const random = { uint32: () => this.#random.uint32(), fill: (bytes: Uint8Array) => this.#random.fill(bytes) };
    return new MemberDirectory({ files: this.disk, random } as unknown as Env, PATH, this.store);
  }

  /** Starts again with what is kept. */
  start(joins = false): Readonly<{ sender: Sender; doubt: Doubt }> {
    this.store = this.box.newStore();
    this.directory = this.#newDirectory();
    const { isNew } = this.store;
    let started: Readonly<{ sender: Sender; doubt: Doubt }> | null = null;
    this.store.transaction(() => {
      started = this.directory.begin(SELF, { joins, isVouchedFor: false });
      if (isNew) this.store.begin({ ...EMPTY_MEMBERSHIP, voters: [1, 2, 3].map(raftId) });
    });
    this.box.settle();
    return started!;
  }

  /** Starts for the first time, as somebody who is trusted. */
  static begun(): Fixture {
    const fixture = new Fixture();
    fixture.start(true);
    fixture.directory.mark();
    return fixture;
  }

  async trust(term: number, leader = NO_ONE, refusal: ReturnType<typeof boxError> | null = null): Promise<void> {
    const written = durable(this.directory.trust({ term, leader }));
    this.box.settle(refusal);
    await written;
  }

  /** To whom it gives its vote in the term. */
  votes(term: number, ...candidates: readonly number[]): readonly number[] {
    const { store } = this;
    const node = new RaftNode({ ...TEST_OPTIONS, id: SELF, storage: store, appliedIndex: store.applied });
    return candidates.filter((candidate) => {
      const last = { term: 1, index: 1 };
      node.step({ kind: 'vote-request', from: raftId(candidate), to: SELF, term, last, isTransfer: false });
      const { append } = node.ready();
      if (append !== null) this.store.write(append, () => undefined);
      this.box.settle();
      return append?.messages.some((message) => message.kind === 'vote-response' && message.isGranted) === true;
    });
  }
}

describe('a directory that was moved and is trusted', () => {
  it('votes for nobody in the newest term that is known of, for its original may have voted for itself', async () => {
    const fixture = Fixture.begun();
    fixture.disk.inode = 2;
    expect(fixture.start().doubt).toBe('moved');
    await fixture.trust(7);
    expect(fixture.votes(7, 2, 3)).toEqual([]);
    expect(fixture.votes(8, 2, 3)).toEqual([2]);
  });

  it('has given its vote to who leads in that term, so that it may say after its next start whom it did not ask', async () => {
    const fixture = Fixture.begun();
    fixture.disk.inode = 2;
    fixture.start();
    await fixture.trust(7, raftId(3));
    fixture.start();
    const { hardState } = fixture.store.initialState();
    expect(hardState).toMatchObject({ term: 7, vote: 3 });
    expect(fixture.votes(7, 2)).toEqual([]);
    const heard = new HeardMembers(SELF, hardState, [raftId(2)]);
    const log = { ...hardState, last: { term: 7, index: 5 }, changeIndex: 1, leader: raftId(3) };
    const lives = { judge: () => 'known' as const, hasHeardOf: () => true };
    const sender = { id: raftId(2), directoryUuid: new Uint8Array(16), formerUuids: [], startCount: 1, startNonce: 1 };
    expect(heard.testify(raftId(2), sender, lives, log, 0)).toMatchObject({ votedTerm: 0, forgottenTerm: 6 });
  });

  it('has its term on disk, also if the log took it at the second attempt only', async () => {
    const fixture = Fixture.begun();
    fixture.disk.inode = 2;
    fixture.start();
    await expect(fixture.trust(7, NO_ONE, boxError('WAL_IO'))).rejects.toThrow();
    await fixture.trust(7);
    expect(fixture.store.initialState().hardState).toMatchObject({ term: 7, vote: SELF });
    fixture.start();
    expect(fixture.store.initialState().hardState).toMatchObject({ term: 7, vote: SELF });
  });
});

describe('a directory that is moved again before it was trusted', () => {
  it('is a later life than the one that others have believed meanwhile', () => {
    const fixture = Fixture.begun();
    const first = fixture.start();
    expect(first.doubt).toBe(null);
    fixture.disk.inode = 2;
    const second = fixture.start();
    expect([second.doubt, judgeLife(first.sender, second.sender)]).toEqual(['moved', 'newer']);
    for (const inode of [3, 1]) {
      fixture.disk.inode = inode;
      const next = fixture.start();
      expect([next.doubt, judgeLife(second.sender, next.sender)]).toEqual(['moved', 'newer']);
      expect(judgeLife(first.sender, next.sender)).toBe('newer');
    }
  });

  it('is new as long as nobody was asked to believe it', () => {
    const fixture = new Fixture();
    expect(fixture.start().doubt).toBe('new');
    fixture.disk.inode = 2;
    const { doubt, sender } = fixture.start();
    expect([doubt, sender.formerUuids]).toEqual(['new', []]);
  });
});

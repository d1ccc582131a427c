/** A session with a scripted master: answers, streams that are held, and every way in which it may end. */
import { describe, expect, it } from 'vitest';
import { type BoxError, boxError, ByteWriter, defined } from '../../base/index.ts';
import { encodeGreeting, encodeVclockAnswer, writeBallot, writeErrorResponse } from '../../codec/iproto/index.ts';
import { type Env, NetworkError, type Stream, type StreamHandlers } from '../../env/index.ts';
import { ManualTime, manualEnv, promises } from '../../../test/support/replication-engine.ts';
import { MasterSession, versionNumber } from './master-session.ts';
import { parseSource } from './source.ts';

const TIMEOUT_MS = 1000;
const MASTER_UUID = '00000000-0000-0000-0000-000000000009';

class FakeMaster implements Stream {
  readonly peer = 'master';
  readonly queuedBytes = 0;
  isPaused = false;
  isDestroyed = false;
  /** Bytes of each write. */
  readonly received: Uint8Array[] = [];
  #handlers: StreamHandlers | null = null;

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
  }

  write(bytes: Uint8Array, onWritten?: () => void): number {
    this.received.push(bytes.slice());
    onWritten?.();
    return 0;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {}

  destroy(): void {
    this.isDestroyed = true;
  }

  greet(version = '2.6.0'): void {
    const salt = new Uint8Array(32).fill(7);
    this.say(encodeGreeting({ version, protocol: 'Binary', instanceUuid: MASTER_UUID, salt }));
  }

  say(...parts: readonly Uint8Array[]): void {
    const chunk = new Uint8Array(Buffer.concat(parts));
    defined(this.#handlers, 'a started stream').onData(chunk);
    chunk.fill(0xc1);
  }

  leave(): void {
    defined(this.#handlers, 'a started stream').onClose(new NetworkError('ECONNRESET', 'read ECONNRESET'));
  }
}

/** A packet that says `{26: {1: lsn}}`. */
function packet(lsn: number): Uint8Array {
  const writer = new ByteWriter(64);
  encodeVclockAnswer(writer, { sync: 0 }, [0, lsn]);
  return writer.toBytes();
}

function errorPacket(error: BoxError): Uint8Array {
  const writer = new ByteWriter(64);
  writeErrorResponse(writer, error, 0, 0, 0);
  return writer.toBytes();
}

/** The packet that `packet(lsn)` is, without its length. */
const bodyOf = (lsn: number): Uint8Array => packet(lsn).slice(5);

class Fixture {
  readonly time = new ManualTime();
  readonly master = new FakeMaster();
  readonly env: Env;
  /** Last bytes of the packets that were handed on, which are the LSNs. */
  readonly handled: number[] = [];
  lostBy: number | null = null;

  constructor() {
    const env = manualEnv(this.time);
    this.env = { ...env, network: { ...env.network, connect: () => Promise.resolve(this.master) } };
  }

  async open(uri = 'host:3301'): Promise<MasterSession> {
    const opening = MasterSession.open(this.env, parseSource(uri), TIMEOUT_MS);
    await promises();
    this.master.greet();
    const session = await opening;
    void session.lost.then((error) => (this.lostBy = error.code));
    return session;
  }

  readonly handler = (bytes: Uint8Array, _start: number, end: number): void => {
    this.handled.push(bytes[end - 1]!);
  };
}

const codeOf = (name: 'TIMEOUT' | 'NO_CONNECTION' | 'PROTOCOL'): number => boxError(name, '').code;

describe('a question', () => {
  it('is sent at the end of the turn, and answered by the next packet', async () => {
    const fixture = new Fixture();
    const session = await fixture.open();
    const head = session.streamHead();
    fixture.time.endTurn();
    fixture.master.say(packet(7));
    expect(await head).toEqual(bodyOf(7));
    expect([session.instanceUuid, session.version]).toEqual([MASTER_UUID, versionNumber('2.6.0')]);
  });

  it('fails with the error that the master answers', async () => {
    const fixture = new Fixture();
    const session = await fixture.open();
    const head = session.streamHead();
    fixture.master.say(errorPacket(boxError('LOADING')));
    await expect(head).rejects.toMatchObject({ code: boxError('LOADING').code });
    expect(session.isLost).toBe(false);
  });

  it('fails when no answer comes in time, and the session with it', async () => {
    const fixture = new Fixture();
    const session = await fixture.open();
    const head = session.streamHead();
    head.catch(() => undefined);
    fixture.time.pass(TIMEOUT_MS);
    await expect(head).rejects.toMatchObject({ code: codeOf('TIMEOUT') });
    await promises();
    expect([fixture.lostBy, fixture.master.isDestroyed, fixture.time.pending]).toEqual([codeOf('TIMEOUT'), true, 0]);
    await expect(session.streamHead()).rejects.toMatchObject({ code: codeOf('TIMEOUT') });
  });

  it('fails when the master goes', async () => {
    const fixture = new Fixture();
    const head = (await fixture.open()).streamHead();
    head.catch(() => undefined);
    fixture.master.leave();
    await expect(head).rejects.toMatchObject({ code: codeOf('NO_CONNECTION') });
    expect(fixture.time.pending).toBe(0);
  });

  it('about the ballot has no answer from a server that does not know it', async () => {
    const fixture = new Fixture();
    const session = await fixture.open();
    const vote = session.vote();
    fixture.master.say(errorPacket(boxError('UNKNOWN_REQUEST_TYPE', 68)));
    expect(await vote).toBeNull();
    const again = session.vote();
    const writer = new ByteWriter(128);
    writer.writeBytes(Uint8Array.of(0xce, 0, 0, 0, 0, 0x81, 0x00, 0x00), 0, 8);
    writeBallot(writer, {
      isReadOnlyConfigured: true,
      isReadOnly: false,
      vclock: [0, 5],
      gcVclock: [],
      isAnonymous: null,
      isBooted: null,
      canLead: null,
    });
    writer.view.setUint32(1, writer.position - 5);
    fixture.master.say(writer.toBytes());
    expect(await again).toMatchObject({ isReadOnlyConfigured: true, vclock: [0, 5], isBooted: null });
  });

  it('is not asked by guests who log in', async () => {
    const fixture = new Fixture();
    const session = await fixture.open();
    await session.authenticate();
    fixture.time.endTurn();
    expect(fixture.master.received).toEqual([]);
  });

  it('of others is proved by a scramble, never by the password', async () => {
    const fixture = new Fixture();
    const session = await fixture.open('user:secret@host:3301');
    const login = session.authenticate();
    fixture.time.endTurn();
    const sent = Buffer.concat(fixture.master.received);
    expect([sent.includes('user'), sent.includes('secret')]).toEqual([true, false]);
    fixture.master.say(errorPacket(boxError('PASSWORD_MISMATCH', 'user')));
    await expect(login).rejects.toMatchObject({ code: boxError('PASSWORD_MISMATCH', '').code });
  });
});

describe('a stream', () => {
  async function streaming(): Promise<{ fixture: Fixture; session: MasterSession }> {
    const fixture = new Fixture();
    const session = await fixture.open();
    const head = session.streamHead();
    // Rows may come with the answer, before anybody could say who handles them.
    fixture.master.say(packet(1), packet(2), packet(3));
    await head;
    session.handle(fixture.handler);
    return { fixture, session };
  }

  it('is held behind its head until somebody handles it', async () => {
    const { fixture, session } = await streaming();
    expect([fixture.handled, session.isHeld, fixture.master.isPaused]).toEqual([[], true, true]);
    fixture.master.say(packet(4));
    session.release();
    expect([fixture.handled, session.isHeld, fixture.master.isPaused]).toEqual([[2, 3, 4], false, false]);
    fixture.master.say(packet(5));
    expect(fixture.handled).toEqual([2, 3, 4, 5]);
  });

  it('goes on in order when it is held again and again', async () => {
    const { fixture, session } = await streaming();
    session.handle((bytes, start, end) => {
      fixture.handler(bytes, start, end);
      session.hold();
    });
    fixture.master.say(packet(4));
    for (let turn = 0; turn < 3; turn++) {
      session.release();
      fixture.master.say(packet(5 + turn));
    }
    expect([fixture.handled, fixture.master.isPaused]).toEqual([[2, 3, 4], true]);
    session.handle(fixture.handler);
    session.release();
    session.release();
    expect([fixture.handled, fixture.master.isPaused]).toEqual([[2, 3, 4, 5, 6, 7], false]);
  });

  it('ends when it is lost while it is held, and nothing of it is handed on', async () => {
    const { fixture, session } = await streaming();
    fixture.master.leave();
    session.release();
    await promises();
    expect([fixture.handled, fixture.lostBy]).toEqual([[], codeOf('NO_CONNECTION')]);
  });

  it('ends in the middle of what was held', async () => {
    const { fixture, session } = await streaming();
    session.handle((bytes, start, end) => {
      fixture.handler(bytes, start, end);
      session.close(boxError('TIMEOUT'));
    });
    session.release();
    await promises();
    expect([fixture.handled, fixture.lostBy, fixture.master.isDestroyed]).toEqual([[2], codeOf('TIMEOUT'), true]);
  });

  it('ends with what its handler throws, held or not', async () => {
    for (const isHeld of [true, false]) {
      const { fixture, session } = await streaming();
      if (!isHeld) session.release();
      session.handle(() => {
        throw boxError('NO_SUCH_SPACE', 'x');
      });
      if (isHeld) session.release();
      else fixture.master.say(packet(9));
      await promises();
      expect(fixture.lostBy).toBe(boxError('NO_SUCH_SPACE', '').code);
      fixture.master.say(packet(10));
      expect(fixture.handled).not.toContain(10);
    }
  });

  it('that nobody handles any more ends the session', async () => {
    const { fixture, session } = await streaming();
    session.release();
    session.handle(null);
    fixture.master.say(packet(9));
    await promises();
    expect(fixture.lostBy).toBe(codeOf('PROTOCOL'));
  });

  it('ends by bytes that are no packet', async () => {
    const { fixture, session } = await streaming();
    session.release();
    fixture.master.say(Uint8Array.of(0xc1, 1, 2, 3));
    await promises();
    expect(fixture.lostBy).toBe(boxError('INVALID_MSGPACK', '').code);
  });
});

describe('silence', () => {
  it('ends the session, unless it is held or something comes', async () => {
    const fixture = new Fixture();
    const session = await fixture.open();
    session.handle(fixture.handler);
    const stopWatching = session.watchSilence(4000);
    for (let turn = 0; turn < 4; turn++) {
      fixture.time.pass(3000);
      fixture.master.say(packet(turn));
    }
    session.hold();
    fixture.time.pass(60_000);
    expect(session.isLost).toBe(false);
    session.release();
    fixture.time.pass(6000);
    expect(session.isLost).toBe(true);
    stopWatching();
    expect(fixture.time.pending).toBe(0);
  });

  it('before the greeting fails the opening', async () => {
    const fixture = new Fixture();
    const opening = MasterSession.open(fixture.env, parseSource('host:1'), TIMEOUT_MS);
    opening.catch(() => undefined);
    await promises();
    fixture.time.pass(TIMEOUT_MS);
    await expect(opening).rejects.toMatchObject({ code: codeOf('TIMEOUT') });
    expect([fixture.master.isDestroyed, fixture.time.pending]).toEqual([true, 0]);
  });
});

describe('a version', () => {
  it.each([
    ['2.6.0', (2 << 16) | (6 << 8)],
    ['2.10.0-beta1', (2 << 16) | (10 << 8)],
    ['3.2', (3 << 16) | (2 << 8)],
  ])('%s is a number', (text, number) => {
    expect(versionNumber(text)).toBe(number);
  });
});

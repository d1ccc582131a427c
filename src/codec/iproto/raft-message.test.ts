import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoxError, ByteWriter, LSN_MAX } from '../../base/index.ts';
import { RowReader, writeRowHeader } from '../xlog/index.ts';
import {
  decodeRaftBody,
  decodeSynchroBody,
  type RaftMessage,
  type SynchroRow,
  SYNCHRO_ROW_TYPE,
  synchroRowKind,
  writeRaftBody,
  writeSynchroBody,
} from './raft-message.ts';

const NOTHING: RaftMessage = { term: 0, vote: 0, state: 0, vclock: null, leaderId: 0, isLeaderSeen: false };

function hexOf(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  write(writer);
  return Buffer.from(writer.written()).toString('hex');
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

function messageOf(run: () => unknown): string {
  try {
    return `no error but ${JSON.stringify(run())}`;
  } catch (error) {
    if (error instanceof BoxError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const decodeRaft = (hex: string): RaftMessage => {
  const bytes = bytesOf(hex);
  return decodeRaftBody(bytes, 0, bytes.length);
};
const decodeSynchro = (kind: SynchroRow['kind'], hex: string): SynchroRow => {
  const bytes = bytesOf(hex);
  return decodeSynchroBody(kind, bytes, 0, bytes.length);
};

test('a CONFIRM as 2.6.0 writes it', () => {
  const row = hexOf((writer) => {
    writer.writeBytes(bytesOf('ce00000016'), 0, 5);
    const lsn = 0x71;
    writeRowHeader(writer, {
      type: SYNCHRO_ROW_TYPE.confirm,
      replicaId: 1,
      groupId: 0,
      lsn,
      timestampSeconds: 1.5,
      tsn: lsn,
      flags: 1,
    });
    writeSynchroBody(writer, { kind: 'confirm', ownerId: 1, lsn: 0x70 });
  });
  expect(row).toBe('ce00000016 84 0028 0201 0371 04cb3ff8000000000000 82 0201 0370'.replaceAll(' ', ''));
  const reader = new RowReader();
  reader.reset(bytesOf(row.slice(10)));
  expect(reader.next()).toBe('row');
  expect(synchroRowKind(reader.type)).toBe('confirm');
  expect(decodeSynchroBody('confirm', reader.bytes, reader.bodyStart, reader.bodyEnd)).toEqual({
    kind: 'confirm',
    ownerId: 1,
    lsn: 0x70,
  });
});

describe('rows of the queue', () => {
  test.each<[string, SynchroRow]>([
    ['82 0201 0370', { kind: 'rollback', ownerId: 1, lsn: 0x70 }],
    ['82 0200 0300', { kind: 'confirm', ownerId: 0, lsn: 0 }],
    ['83 0202 0305 5307', { kind: 'promote', ownerId: 2, lsn: 5, term: 7, confirmedVclock: null }],
    ['83 0203 03cd0100 5308', { kind: 'demote', ownerId: 3, lsn: 256, term: 8, confirmedVclock: null }],
    ['84 0202 0305 5307 26 82 0101 0205', { kind: 'promote', ownerId: 2, lsn: 5, term: 7, confirmedVclock: [0, 1, 5] }],
  ])('%s', (hex, row) => {
    expect(hexOf((writer) => writeSynchroBody(writer, row))).toBe(hex.replaceAll(' ', ''));
    expect(decodeSynchro(row.kind, hex)).toEqual(row);
  });

  test.each<[string, SynchroRow['kind'], string]>([
    ['no body', 'confirm', ''],
    ['an array', 'confirm', '92 0201'],
    ['a cut map', 'confirm', '82 0201 03'],
    ['a map and something behind it', 'confirm', '82 0201 0370 00'],
    ['an owner that is a string', 'rollback', '82 02a131 0370'],
    ['an LSN below zero', 'confirm', '82 0201 03ff'],
    ['an LSN beyond what is counted exactly', 'confirm', '82 0201 03cfffffffffffffffff'],
    ['a term that is nil', 'promote', '83 0201 0370 53c0'],
    ['a vclock that is an array', 'promote', '84 0201 0370 5302 2690'],
  ])('%s is refused', (_, kind, hex) => {
    expect(messageOf(() => decodeSynchro(kind, hex))).toBe('20 Invalid MsgPack - request body');
  });

  test('what is unknown is passed over, what is missing is zero', () => {
    expect(decodeSynchro('promote', '84 a17801 c001 7f81a17900 5309')).toEqual({
      kind: 'promote',
      ownerId: 0,
      lsn: 0,
      term: 9,
      confirmedVclock: null,
    });
    // A CONFIRM has no vclock: the key means nothing there.
    expect(decodeSynchro('confirm', '83 0201 0370 2690')).toEqual({ kind: 'confirm', ownerId: 1, lsn: 0x70 });
  });

  test('types', () => {
    expect([31, 32, 40, 41, 30, 2].map(synchroRowKind)).toEqual([
      'promote',
      'demote',
      'confirm',
      'rollback',
      null,
      null,
    ]);
  });
});

describe('RAFT', () => {
  test.each<[string, RaftMessage]>([
    ['81 0000', NOTHING],
    ['82 0005 0102', { ...NOTHING, term: 5, vote: 2 }],
    ['83 0005 0201 0403', { ...NOTHING, term: 5, state: 1, leaderId: 3 }],
    ['84 0005 0201 0403 05c3', { ...NOTHING, term: 5, state: 1, leaderId: 3, isLeaderSeen: true }],
    ['84 0005 0102 0202 03 81 020a', { ...NOTHING, term: 5, vote: 2, state: 2, vclock: [0, 0, 10] }],
    ['84 0005 0102 0202 03 80', { ...NOTHING, term: 5, vote: 2, state: 2, vclock: [] }],
  ])('%s', (hex, message) => {
    expect(hexOf((writer) => writeRaftBody(writer, message))).toBe(hex.replaceAll(' ', ''));
    expect(decodeRaft(hex)).toEqual(message);
  });

  test.each([
    ['no body', ''],
    ['an array', '90'],
    ['a term that is a string', '81 00a131'],
    ['a vote below zero', '82 0005 01ff'],
    ['a state that is a boolean', '82 0005 02c3'],
    ['a leader that is a double', '82 0005 04cb3ff0000000000000'],
    ['a flag that is a number', '82 0005 0501'],
    ['a vclock that is nil', '82 0005 03c0'],
    ['a key that is a string', '82 0005 a10001'],
  ])('%s is refused', (_, hex) => {
    expect(messageOf(() => decodeRaft(hex))).toBe('20 Invalid MsgPack - raft body');
  });

  test('a vclock that names no instance is refused by what it is', () => {
    expect(messageOf(() => decodeRaft('82 0005 03 81 2001'))).toBe('20 Invalid MsgPack - invalid VCLOCK');
  });

  test('what is unknown is passed over; a state out of range is read as it is', () => {
    expect(decodeRaft('84 0005 0209 0693a1610102 7fc0')).toEqual({ ...NOTHING, term: 5, state: 9 });
  });

  test('what is written is read', () => {
    const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const vclock = fc.array(fc.integer({ min: 0, max: LSN_MAX }), { maxLength: 8 }).map((lsns) => {
      const components = [0, ...lsns];
      while (components.at(-1) === 0) components.pop();
      return components;
    });
    const message = fc.record({
      term: number,
      vote: number,
      state: number,
      leaderId: number,
      isLeaderSeen: fc.boolean(),
      vclock: fc.option(vclock, { nil: null }),
    });
    fc.assert(
      fc.property(message, (sent) => {
        expect(decodeRaft(hexOf((writer) => writeRaftBody(writer, sent)))).toEqual(sent);
      }),
    );
  });
});

import { expect, test } from 'vitest';
import { encodeFileHeader, parseFileHeader } from './file-header.ts';

const TEXT =
  'XLOG\n0.13\nVersion: 2.6.0-0-g47aa4e01e\nInstance: 11111111-2222-4333-8444-555555555555\n' +
  'VClock: {0: 5, 1: 16}\nPrevVClock: {0: 5, 1: 14}\n\n';
const HEADER = {
  kind: 'XLOG',
  softwareVersion: '2.6.0-0-g47aa4e01e',
  instanceUuid: '11111111-2222-4333-8444-555555555555',
  vclock: [5, 16],
  previousVclock: [5, 14],
};
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a header is encoded to the byte as Tarantool writes it', () => {
  expect(new TextDecoder().decode(encodeFileHeader(HEADER))).toBe(TEXT);
});

test('what follows the header is not touched; every shorter prefix is incomplete', () => {
  const bytes = bytesOf(`${TEXT}rest`);
  expect(parseFileHeader(bytes)).toEqual({ kind: 'header', header: HEADER, sizeBytes: TEXT.length, unknownKeys: [] });
  for (let length = 0; length < TEXT.length; length++) {
    expect(parseFileHeader(bytes.subarray(0, length))).toEqual({ kind: 'incomplete' });
  }
});

test('the keys of version 0.12, missing keys and unknown keys are accepted', () => {
  const parsed = parseFileHeader(bytesOf('SNAP\n0.12\nServer: AAAAAAAA-2222-4333-8444-555555555555\nColour: red\n\n'));
  expect(parsed).toMatchObject({
    kind: 'header',
    header: {
      kind: 'SNAP',
      instanceUuid: 'aaaaaaaa-2222-4333-8444-555555555555',
      vclock: [],
      previousVclock: null,
    },
    unknownKeys: ['Colour'],
  });
});

// Each reason was seen on a real 2.6.0 whose newest xlog had been changed in the same way.
test.each([
  ['XLOG', 'ABCDEFGHIJKLOG', 'failed to parse xlog type string'],
  ['0.13', '0.13456789012', 'failed to parse xlog version string'],
  ['0.13', '0.14', 'unsupported file format version 0.14'],
  ['1111-2222', '1111-22', "can't parse instance UUID"],
  ['1111-2222', '1111-zz22', "can't parse instance UUID"],
  ['1: 16}', '1; 16}', 'invalid vclock at offset 9'],
  ['VClock: {0: 5, 1: 16}', 'VClock: ', 'invalid vclock at offset 1'],
  ['Version: ', 'Version ', "can't extract meta value"],
])('%s replaced by %s is refused', (from, to, reason) => {
  expect(parseFileHeader(bytesOf(TEXT.replace(from, to)))).toEqual({ kind: 'invalid', reason });
});

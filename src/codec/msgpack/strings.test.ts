import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../base/index.ts';
import { encodeText, exactText, readExactString, readString, writeString } from './strings.ts';

function written(text: string): Uint8Array {
  const writer = new ByteWriter(8);
  writeString(writer, text);
  return writer.toBytes();
}

/** Bytes that are often, but not always, UTF-8. */
const BYTES = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ maxLength: 8 }).map((text) => Buffer.from(text)),
    ),
  )
  .map((parts) => Uint8Array.from(Buffer.concat(parts)));

test('exact text gives every byte back', () => {
  fc.assert(
    fc.property(BYTES, (bytes) => {
      const text = exactText(bytes);
      expect(encodeText(text)).toEqual(bytes);
      expect(readExactString(written(text), 0)).toBe(text);
    }),
  );
});

test('exact text of UTF-8 is the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      const bytes = written(text);
      expect(readExactString(bytes, 0)).toBe(text);
      expect(readString(bytes, 0)).toBe(text);
      expect(exactText(Buffer.from(text))).toBe(text);
    }),
  );
});

test('other readers see the replacement character', () => {
  const bytes = Uint8Array.of(0xa3, 0x61, 0xff, 0x62);
  expect(readString(bytes, 0)).toBe('a\u{fffd}b');
  expect(readExactString(bytes, 0)).toBe('a\udcffb');
  expect(written('a\udcffb')).toEqual(bytes);
});

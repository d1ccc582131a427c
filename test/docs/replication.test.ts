/** The tour of docs/replication.md, block by block: three servers at once. */
import { afterAll, beforeAll, describe } from 'vitest';
import { findPicodata } from '../support/picodata-server.ts';
import { blocksOfDocument, testBlocks } from './document-tour.ts';
import { Tour } from './tour.ts';

describe.skipIf(findPicodata() === null)('docs/replication.md', () => {
  let tour: Tour;
  beforeAll(async () => {
    tour = await Tour.open();
  });
  afterAll(() => tour.close());

  testBlocks(
    blocksOfDocument('docs/replication.md'),
    () => tour,
    (opened, text) => opened.type(text),
  );
});

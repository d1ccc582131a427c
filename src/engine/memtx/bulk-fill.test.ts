import { expect, it } from 'vitest';
import { SeededRandom } from '../../base/index.ts';
import { encodeToBytes, type Value } from '../../codec/msgpack/index.ts';
import { CatalogFixture } from '../catalog/catalog-fixture.ts';
import { BulkFill } from './bulk-fill.ts';

const [SPACE_SPACE, INDEX_SPACE] = [280, 288];

it.each(['tree', 'hash'])('fills all indexes as insertions do, in any order, with a primary key of kind %s', (type) => {
  const fixture = CatalogFixture.bootstrapped();
  const random = new SeededRandom(3);
  const rows = Array.from({ length: 300 }, (_, id): Value[] => [(id * 7919) % 1009, random.below(5)]);
  for (const id of [600, 601]) {
    fixture.insert(SPACE_SPACE, [id, 1, `space ${id}`, 'memtx', 0, {}, []]);
    fixture.insert(INDEX_SPACE, [id, 0, 'primary', type, { unique: true }, [[0, 'unsigned']]]);
    fixture.insert(INDEX_SPACE, [id, 1, 'by_group', 'tree', { unique: false }, [[1, 'unsigned']]]);
  }
  const filled = fixture.space(600);
  const fill = new BulkFill(filled);
  for (const row of rows) {
    const bytes = encodeToBytes(row);
    fill.add(filled.newTuple(bytes, 0, bytes.length));
    fixture.insert(601, row);
  }
  for (const _step of fill.finish());
  expect(fixture.rows(filled, 1)).toEqual(fixture.rows(fixture.space(601), 1));
  for (const [id] of rows) fixture.delete(600, [id ?? null]);
  expect(fixture.rows(filled, 1)).toEqual([]);
});

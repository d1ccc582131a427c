import { describe, expect, it } from 'vitest';
import { CatalogFixture, INSTANCE_UUID, REPLICASET_UUID, toHex } from '../catalog-fixture.ts';
import { bootstrapRows } from './index.ts';

/** What a real 2.6.0 reports right after its first start. */
const FRESH_SCHEMA_VERSION = 78;

describe('the rows of a fresh data directory', () => {
  it('come back from the system spaces byte for byte', () => {
    const fixture = CatalogFixture.bootstrapped();
    const given = new Map<number, string[]>();
    for (const { spaceId, tuple } of bootstrapRows(INSTANCE_UUID, REPLICASET_UUID)) {
      given.set(spaceId, [...(given.get(spaceId) ?? []), toHex(tuple)]);
    }
    expect([...given.values()].flat()).toHaveLength(513);
    for (const [spaceId, rows] of given) expect(fixture.rows(fixture.space(spaceId))).toEqual(rows);
  });

  it('make the schema that they describe', () => {
    const { catalog } = CatalogFixture.bootstrapped();
    expect(catalog.schemaVersion).toBe(FRESH_SCHEMA_VERSION);
    expect(catalog.replicasetUuid).toBe(REPLICASET_UUID);
    expect([...catalog.spaces()]).toHaveLength(25);
    expect([...catalog.functions()]).toHaveLength(67);
    expect([...catalog.collations()]).toHaveLength(277);
    expect(catalog.spaceByName('_priv')?.indexes.map((index) => index?.definition.name)).toEqual([
      'primary',
      'owner',
      'object',
    ]);
    expect(catalog.spaceByName('_session_settings')?.definition).toMatchObject({
      engine: 'service',
      isTemporary: true,
    });
  });

  it('hold the uuids that they are asked for', () => {
    const rows = [...bootstrapRows(INSTANCE_UUID, REPLICASET_UUID)].map(({ tuple }) => Buffer.from(tuple).toString());
    expect(rows.filter((row) => row.includes(INSTANCE_UUID))).toHaveLength(1);
    expect(rows.filter((row) => row.includes(REPLICASET_UUID))).toHaveLength(1);
  });

  it('take nothing from views but what their base has', () => {
    const fixture = CatalogFixture.bootstrapped();
    const view = fixture.space(281);
    expect(fixture.catalog.sysviewBase(281)).toBe(fixture.space(280));
    expect(fixture.catalog.sysviewBase(280)).toBeNull();
    expect(view.index(2).size).toBe(25);
  });
});

/** What a definition makes of types (checked by the compiler) and of values. */
import { expect, expectTypeOf, test } from 'vitest';
import { DoubleValue, type Value } from '../codec/msgpack/index.ts';
import type { SpaceRequests } from './request-types.ts';
import {
  defineSpace,
  RowCodec,
  type KeyOf,
  type NewRow,
  type ObjectRow,
  type PartialKeyOf,
} from './space-definition.ts';
import { TypedSpace } from './typed-space.ts';

const orders = defineSpace({
  name: 'orders',
  fields: {
    id: 'unsigned',
    owner: 'string',
    total: { type: 'double', nullable: true },
    serial: { type: 'unsigned', bigint: true },
  },
  primary: ['owner', 'id'],
  indexes: { serial: ['serial'] },
});
type Orders = typeof orders;

test('types of rows and keys', () => {
  expectTypeOf<ObjectRow<Orders>>().toEqualTypeOf<{
    readonly id: number;
    readonly owner: string;
    readonly total: number | null;
    readonly serial: bigint;
  }>();
  expectTypeOf<{ id: number; owner: string; serial: bigint }>().toExtend<NewRow<Orders>>();
  expectTypeOf<{ id: number; owner: string }>().not.toExtend<NewRow<Orders>>();
  expectTypeOf<{ id: string; owner: string; serial: bigint }>().not.toExtend<NewRow<Orders>>();
  expectTypeOf<KeyOf<Orders, undefined>>().toEqualTypeOf<readonly [string, number]>();
  expectTypeOf<KeyOf<Orders, 'serial'>>().toEqualTypeOf<readonly [bigint]>();
  expectTypeOf<readonly []>().toExtend<PartialKeyOf<Orders, undefined>>();
  expectTypeOf<readonly [string]>().toExtend<PartialKeyOf<Orders, undefined>>();
  expectTypeOf<readonly [number]>().not.toExtend<PartialKeyOf<Orders, undefined>>();
});

test('a key or a field that is not declared does not compile', () => {
  const space = TypedSpace.ofObjects({} as SpaceRequests, orders);
  expectTypeOf(space.get<undefined>)
    .parameter(0)
    .toEqualTypeOf<readonly [string, number]>();
  expectTypeOf(space.get<'serial'>)
    .parameter(0)
    .toEqualTypeOf<readonly [bigint]>();
  expectTypeOf(space.select<'serial'>).returns.resolves.toEqualTypeOf<ObjectRow<Orders>[]>();
  type Operation = Parameters<typeof space.update>[1][number];
  expectTypeOf<readonly ['=', 'total', number]>().toExtend<Operation>();
  expectTypeOf<readonly ['=', 'absent', number]>().not.toExtend<Operation>();
  expectTypeOf<readonly ['%', 'total', number]>().not.toExtend<Operation>();
});

test('rows to tuples and back', () => {
  const codec = new RowCodec(orders);
  const row = { id: 1, owner: 'a', serial: 5n };
  expect(codec.toTuple(row)).toEqual([1, 'a', undefined, 5n]);
  expect(codec.toTuple({ ...row, total: 2 })).toEqual([1, 'a', new DoubleValue(2), 5n]);
  expect(codec.toObject([1, 'a', null, 5, 'more'])).toEqual({ id: 1, owner: 'a', total: null, serial: 5n });
  expect(codec.toObject([1])).toEqual({ id: 1, owner: null, total: null, serial: null });
  expect(codec.toTypedTuple([1, 'a', 0.5, 5, 'more'])).toEqual([1, 'a', 0.5, 5n, 'more']);
  expect(() => codec.toTuple({ ...row, other: 1 })).toThrow("Field 'other' was not found in space 'orders' format");
});

test('a number that does not fit is an error, never a rounded value', () => {
  const codec = new RowCodec(orders);
  expect(() => codec.toObject([2n ** 60n, 'a', null, 1])).toThrow(
    "field 'id' of space 'orders' is 1152921504606846976",
  );
  expect(codec.toObject([1, 'a', null, 2n ** 60n])).toMatchObject({ serial: 2n ** 60n });
});

test('updates name fields by number and keep doubles doubles', async () => {
  const seen: unknown[] = [];
  const requests = {
    update: (...args: unknown[]) => {
      seen.push(args);
      return Promise.resolve<readonly Value[]>([1, 'a', 2, 3]);
    },
  } as unknown as SpaceRequests;
  const space = TypedSpace.ofObjects(requests, orders);
  await space.update(
    ['a', 1],
    [
      ['=', 'total', 2],
      ['#', 'total', 1],
    ],
  );
  const operations = [
    ['=', 2, new DoubleValue(2)],
    ['#', 2, 1],
  ];
  expect(seen).toEqual([['orders', ['a', 1], operations, {}]]);
});

test('a field name that is a number is refused', () => {
  expect(() => defineSpace({ name: 's', fields: { 1: 'string' }, primary: [] })).toThrow("field name '1' of space 's'");
});

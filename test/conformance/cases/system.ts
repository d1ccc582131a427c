/** The schema as connectors fetch it, and the settings of a session. */
import { REQUEST } from '../../support/raw-iproto.ts';
import { space, spaceWithPrimary, SYSTEM } from '../schema-steps.ts';
import {
  type Area,
  as,
  insert,
  ping,
  remove,
  replace,
  request,
  select,
  selectAll,
  update,
  upsert,
  withMaskedUuids,
} from '../steps.ts';

const SPACE = 512;
const FIRST_ROWS = [SYSTEM.collation, SYSTEM.space, SYSTEM.index, SYSTEM.func] as const;
const EMPTY_SPACES = [
  SYSTEM.sequence,
  SYSTEM.sequenceData,
  SYSTEM.trigger,
  SYSTEM.truncate,
  SYSTEM.spaceSequence,
  SYSTEM.fkConstraint,
  SYSTEM.ckConstraint,
  SYSTEM.funcIndex,
] as const;

export const SYSTEM_AREA: Area = {
  name: 'system',
  trust: 'open',
  cases: [
    ...FIRST_ROWS.map((id) => ({ name: `the rows of system space ${id}`, steps: [selectAll(id)] })),
    { name: 'system spaces that begin empty', steps: EMPTY_SPACES.map((id) => selectAll(id)) },
    {
      name: 'rows that name the instance',
      steps: [withMaskedUuids(selectAll(SYSTEM.schema)), withMaskedUuids(selectAll(SYSTEM.cluster))],
    },
    {
      name: 'the requests of a connector',
      steps: [
        spaceWithPrimary(SPACE, 'fetched', { format: [{ name: 'id', type: 'unsigned' }] }),
        [281, 289, 277].map((id) =>
          request(REQUEST.select, [
            [0x10, id],
            [0x11, 0],
            [0x14, 2],
            [0x13, 0],
            [0x12, 0xffffffff],
            [0x20, []],
          ]),
        ),
        select(281, 2, 'eq', ['fetched']),
        select(289, 2, 'eq', [SPACE, 'pk']),
        ping(),
      ],
    },
    {
      name: 'the request ID',
      steps: [
        request(REQUEST.id, [
          [0x54, 4],
          [0x55, [0, 1, 2]],
        ]),
      ],
      differs: 'requests of Tarantool 2.10 are answered',
    },
    {
      name: 'the schema version grows with the schema',
      steps: [
        ping(),
        space(SPACE, 'counted'),
        ping(),
        update(SYSTEM.space, [SPACE], [['=', 2, 'counted']]),
        insert(SYSTEM.user, [32, 1, 'user', 'user', {}]),
        insert(SYSTEM.priv, [0, 32, 'universe', 0, 1]),
        insert(SYSTEM.schema, ['key', 1]),
        insert(SYSTEM.collation, [300, 'c', 1, 'ICU', 'ru', {}]),
        insert(SYSTEM.sequence, [1, 1, 's', 1, 1, 10, 1, 0, false]),
        remove(SYSTEM.space, [SPACE]),
        request(REQUEST.ping, null, [[0x05, 1]]),
        request(
          REQUEST.select,
          [
            [0x10, 281],
            [0x12, 1],
            [0x20, []],
          ],
          [[0x05, 1]],
        ),
        request(
          REQUEST.insert,
          [
            [0x10, SPACE],
            [0x21, [1]],
          ],
          [[0x05, 4000000000]],
        ),
        request(REQUEST.call, [[0x22, 'nothing']], [[0x05, 1]]),
      ],
    },
    {
      name: 'settings of a session',
      steps: [
        selectAll(SYSTEM.sessionSettings),
        select(SYSTEM.sessionSettings, 0, 'eq', ['sql_full_metadata']),
        select(SYSTEM.sessionSettings, 0, 'eq', ['nothing']),
        select(SYSTEM.sessionSettings, 0, 'gt', ['sql_full_metadata'], { limit: 2 }),
        select(SYSTEM.sessionSettings, 0, 'req', []),
        select(SYSTEM.sessionSettings, 0, 'lt', ['sql_full_metadata']),
        select(SYSTEM.sessionSettings, 0, 'eq', [5]),
        update(SYSTEM.sessionSettings, ['sql_full_metadata'], [['=', 1, true]]),
        update(SYSTEM.sessionSettings, ['sql_full_metadata'], [['=', 'value', false]]),
        update(SYSTEM.sessionSettings, ['sql_full_metadata'], [['=', 1, 1]]),
        update(SYSTEM.sessionSettings, ['sql_full_metadata'], [['=', 0, 'other']]),
        update(SYSTEM.sessionSettings, ['sql_default_engine'], [['=', 1, 'vinyl']]),
        update(SYSTEM.sessionSettings, ['sql_default_engine'], [['=', 1, 'other']]),
        update(SYSTEM.sessionSettings, ['sql_default_engine'], [['=', 1, 5]]),
        update(SYSTEM.sessionSettings, ['nothing'], [['=', 1, true]]),
        update(SYSTEM.sessionSettings, ['error_marshaling_enabled'], [['=', 1, true]]),
        insert(SYSTEM.sessionSettings, ['a', 1]),
        replace(SYSTEM.sessionSettings, ['sql_full_metadata', true]),
        upsert(SYSTEM.sessionSettings, ['sql_full_metadata', true], []),
        remove(SYSTEM.sessionSettings, ['sql_full_metadata']),
        selectAll(SYSTEM.sessionSettings),
        as('other', selectAll(SYSTEM.sessionSettings)),
      ],
    },
    {
      name: 'many answers on one connection stay in order',
      steps: [
        spaceWithPrimary(SPACE, 'many'),
        Array.from({ length: 50 }, (_, order) => insert(SPACE, [order, 'x'.repeat(order * 100)])),
        selectAll(SPACE),
      ],
    },
  ],
};

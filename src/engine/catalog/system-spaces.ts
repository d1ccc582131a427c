/**
 * The spaces that are there before any row is: just enough of each for its rows to be stored. Rows of `_space` and
 * `_index` then give them their formats and further indexes, and add the views. Ids, keys and names are those with
 * which Tarantool 2.6.0 starts.
 */
import { indexId, spaceId, userId } from '../../base/index.ts';
import { ANY_TUPLE_FORMAT, type FieldType, keyDef, keyPart } from '../../tuple/index.ts';
import { createIndex } from '../indexes/index.ts';
import { Space, type SpaceEngine } from '../memtx/index.ts';
import { type Schema, SpaceDetails } from './schema.ts';
import { SYSTEM_SPACE, type SystemSpaceId } from './system-space-ids.ts';

type FirstSpace = Readonly<{ id: SystemSpaceId; name: string; key: readonly FieldType[] }>;

const FIRST_SPACES: readonly FirstSpace[] = [
  { id: SYSTEM_SPACE.schema, name: '_schema', key: ['string'] },
  { id: SYSTEM_SPACE.collation, name: '_collation', key: ['unsigned'] },
  { id: SYSTEM_SPACE.space, name: '_space', key: ['unsigned'] },
  { id: SYSTEM_SPACE.truncate, name: '_truncate', key: ['unsigned'] },
  { id: SYSTEM_SPACE.sequence, name: '_sequence', key: ['unsigned'] },
  { id: SYSTEM_SPACE.sequenceData, name: '_sequence_data', key: ['unsigned'] },
  { id: SYSTEM_SPACE.spaceSequence, name: '_space_sequence', key: ['unsigned'] },
  { id: SYSTEM_SPACE.user, name: '_user', key: ['unsigned'] },
  { id: SYSTEM_SPACE.function, name: '_func', key: ['unsigned'] },
  { id: SYSTEM_SPACE.privilege, name: '_priv', key: ['unsigned'] },
  { id: SYSTEM_SPACE.cluster, name: '_cluster', key: ['unsigned'] },
  { id: SYSTEM_SPACE.trigger, name: '_trigger', key: ['string'] },
  { id: SYSTEM_SPACE.index, name: '_index', key: ['unsigned', 'unsigned'] },
  { id: SYSTEM_SPACE.foreignKey, name: '_fk_constraint', key: ['string', 'unsigned'] },
  { id: SYSTEM_SPACE.check, name: '_ck_constraint', key: ['unsigned', 'string'] },
  { id: SYSTEM_SPACE.functionIndex, name: '_func_index', key: ['unsigned', 'unsigned'] },
];

const ADMIN_ID = 1;

export function addFirstSpaces(schema: Schema): void {
  for (const { id, name, key } of FIRST_SPACES) {
    const space = addSpace(schema, id, name, 'memtx', false);
    const parts = keyDef(key.map((type, fieldNo) => keyPart({ fieldNo, type })));
    const definition = {
      id: indexId(0),
      name: 'primary',
      type: 'tree' as const,
      isUnique: true,
      keyDef: parts,
      orderKeyDef: parts,
      dimension: 2,
      distance: 'euclid' as const,
      functionId: null,
    };
    space.setIndex(0, createIndex(space.memory.arena, space.memory.views, definition, null));
  }
  addSpace(schema, SYSTEM_SPACE.vinylDeferredDelete, '_vinyl_deferred_delete', 'blackhole', true);
}

function addSpace(schema: Schema, id: number, name: string, engine: SpaceEngine, isLocal: boolean): Space {
  const definition = {
    id: spaceId(id),
    ownerId: userId(ADMIN_ID),
    name,
    engine,
    fieldCount: 0,
    isTemporary: false,
    isLocal,
    isSync: false,
    isView: false,
  };
  const { systemMemory, tupleBytesMax } = schema.options;
  const space = new Space(definition, ANY_TUPLE_FORMAT, systemMemory, tupleBytesMax);
  schema.addSpace(space, new SpaceDetails([], null));
  return space;
}

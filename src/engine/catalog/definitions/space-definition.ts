/** A row of `_space`, checked in Tarantool's order: name, id, engine, format, options, then what they say together. */
import { boxError, type ErrorName, SPACE_ID_MAX, spaceId, userId } from '../../../base/index.ts';
import type { SpaceDefinition, SpaceEngine } from '../../memtx/index.ts';
import { SYSTEM_SPACE } from '../system-space-ids.ts';
import type { TupleReader } from '../tuple-reader.ts';
import { checkIdentifier, readName } from './identifiers.ts';
import { decodeOptions, type OptionRegistry } from './options.ts';
import { checkFieldNames, readSpaceFormat, type SpaceField } from './space-format.ts';

const FIELD = { id: 0, owner: 1, name: 2, engine: 3, fieldCount: 4, options: 5, format: 6 } as const;
const ENGINE_NAME_BYTES_MAX = 16;
const GROUP = { replicated: 0, local: 1 } as const;
const FOREIGN_ENGINE = 'vinyl';
const ENGINES: readonly SpaceEngine[] = ['memtx', 'sysview', 'service', 'blackhole'];

const SPACE_OPTIONS: OptionRegistry = {
  group_id: 'unsigned',
  temporary: 'boolean',
  view: 'boolean',
  is_sync: 'boolean',
  sql: 'string',
  checks: 'legacy',
};

export type SpaceRow = Readonly<{
  definition: SpaceDefinition;
  fields: readonly SpaceField[];
  /** Text of a view, null without one. */
  sql: string | null;
}>;

/** Field of `_space` that holds the id, for rows that are only looked up. */
export const SPACE_ID_FIELD = FIELD.id;

/**
 * `error` is CREATE_SPACE (9) or ALTER_SPACE (12): what most mistakes are reported as. A row with the engine that
 * Tarantool has and we have not can only be refused; `formerName` is that of the space it would change.
 */
export function readSpaceRow(row: TupleReader, error: ErrorName, formerName: string | null = null): SpaceRow {
  const name = readName(row, FIELD.name, error, 'space');
  const id = row.unsigned(FIELD.id);
  if (id > SPACE_ID_MAX) throw boxError(error, name, 'space id is too big');
  if (id === 0) throw boxError(error, name, 'space id 0 is reserved');
  const ownerId = row.unsigned(FIELD.owner);
  const fieldCount = row.unsigned(FIELD.fieldCount);
  const engineName = row.string(FIELD.engine);
  if (row.stringLength(FIELD.engine) > ENGINE_NAME_BYTES_MAX) {
    throw boxError(error, name, 'space engine name is too long');
  }
  checkIdentifier(engineName);
  const optionsPosition = row.mapPosition(FIELD.options);
  const fields = readSpaceFormat(row.bytes, row.arrayPosition(FIELD.format), error, name);
  if (fieldCount !== 0 && fieldCount < fields.length) {
    throw boxError(error, name, 'exact_field_count must be either 0 or >= formatted field count');
  }
  const options = decodeOptions(row.bytes, optionsPosition, SPACE_OPTIONS, 'WRONG_SPACE_OPTIONS', FIELD.options);
  const groupId = options.number('group_id', GROUP.replicated);
  if (groupId !== GROUP.replicated && groupId !== GROUP.local) throw boxError('NO_SUCH_GROUP', groupId);
  const isView = options.boolean('view', false);
  const sql = options.string('sql');
  if (isView && sql === null) throw boxError('VIEW_MISSING_SQL');
  const isSync = options.boolean('is_sync', false);
  const isLocal = groupId === GROUP.local;
  if (isSync && isLocal) throw boxError(error, name, "local space can't be synchronous");
  checkFieldNames(fields);
  const engine = ENGINES.find((known) => known === engineName);
  if (engine === undefined) {
    if (engineName !== FOREIGN_ENGINE || formerName === null) throw boxError('NO_SUCH_ENGINE', engineName);
    throw boxError('ALTER_SPACE', formerName, 'can not change space engine');
  }
  const isTemporary = options.boolean('temporary', false);
  const definition = {
    id: spaceId(id),
    ownerId: userId(ownerId),
    name,
    engine,
    fieldCount,
    isTemporary,
    isLocal,
    isSync,
    isView,
  };
  return { definition, fields, sql };
}

/** Throws if the engine cannot have such a space. */
export function checkEngine({ id, engine }: SpaceDefinition): void {
  if (engine === 'service' && id !== SYSTEM_SPACE.sessionSettings) {
    throw boxError('UNSUPPORTED', 'Tarantool', "non-system space with 'service' engine.");
  }
}

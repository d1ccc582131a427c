/** Makes the index that a definition describes, in the memory of its space and after the kind of its engine. */
import { boxError, unreachable } from '../../base/index.ts';
import { createIndex, type IndexDefinition, type SpaceIndex } from '../indexes/index.ts';
import type { Space } from '../memtx/index.ts';
import { checkBuildable } from './definitions/index-definition.ts';
import type { Schema } from './schema.ts';
import { baseOfView } from './system-space-ids.ts';
import { checkedKeyFunction } from './functional-keys.ts';
import { DormantIndex, InactiveIndex, ViewIndex } from './virtual-index.ts';

/**
 * An empty index. A functional one is inactive while its function is not there, which is so during recovery, or is
 * to be forgotten (`usesFunction` false), and dormant if nothing here can run the function.
 */
export function createSpaceIndex(
  schema: Schema,
  space: Space,
  definition: IndexDefinition,
  usesFunction: boolean,
): SpaceIndex {
  const { engine } = space.definition;
  switch (engine) {
    case 'memtx':
      return createMemtxIndex(schema, space, definition, usesFunction);
    case 'sysview': {
      const baseId = baseOfView(space.id);
      if (baseId === null) {
        throw boxError('MODIFY_INDEX', definition.name, space.name, 'unknown space for system view');
      }
      return new ViewIndex(definition, () => schema.spaces.get(baseId)?.indexes[definition.id] ?? null);
    }
    case 'service':
      return new ViewIndex(definition, () => null);
    case 'blackhole':
      throw boxError('UNSUPPORTED', 'Blackhole', 'indexes');
    default:
      return unreachable(engine);
  }
}

function createMemtxIndex(
  schema: Schema,
  space: Space,
  definition: IndexDefinition,
  usesFunction: boolean,
): SpaceIndex {
  checkBuildable(definition, space);
  const { arena, views } = space.memory;
  const { functionId } = definition;
  if (functionId === null) return createIndex(arena, views, definition, null);
  const keyFunction = usesFunction ? schema.functions.get(functionId) : undefined;
  const spaceName = (): string => space.name;
  if (keyFunction === undefined) return new InactiveIndex(definition, spaceName);
  const runtime = schema.ports.functions;
  if (runtime === null) throw boxError('UNSUPPORTED', 'This instance', `functions in ${keyFunction.language}`);
  const run = runtime.compileKeyFunction(keyFunction);
  if (run === null) return new DormantIndex(definition, spaceName, keyFunction.name);
  return createIndex(arena, views, definition, checkedKeyFunction(run, keyFunction.isMultikey, definition, spaceName));
}

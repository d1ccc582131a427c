/**
 * Rules on a space's data that are kept but that nobody here can enforce yet: changing data under them would break what
 * their owner relies on, so it is refused with their name.
 */
import type { Space } from '../memtx/index.ts';
import type { Schema } from './schema.ts';
import { DormantIndex } from './virtual-index.ts';

/** Sets why the space refuses data changes, null if it takes them. Called whenever a rule comes or goes. */
export function refreshRefusal(schema: Schema, space: Space): void {
  space.refusal = refusalOf(schema, space);
}

function refusalOf(schema: Schema, space: Space): string | null {
  const { checks, foreignKeys, references, triggers } = schema.details(space);
  if (space.definition.isView) return `View '${space.name}'`;
  for (const check of checks.values()) {
    if (check.isEnabled) return `Space '${space.name}' with check constraint '${check.name}'`;
  }
  for (const name of foreignKeys.keys()) return `Space '${space.name}' with foreign key constraint '${name}'`;
  for (const { name } of references) return `Space '${space.name}' referenced by foreign key constraint '${name}'`;
  for (const name of triggers) return `Space '${space.name}' with SQL trigger '${name}'`;
  for (const index of space.indexList) if (index instanceof DormantIndex) return index.refusal;
  return null;
}

/**
 * Altering a space: its definition, format and set of indexes become others in one step.
 *
 * An index that stays the same keeps its memory; one whose order or keys change is filled anew from the primary one.
 * Invariants: (1) until everything that can fail has been done, the space is untouched; (2) undoing puts back exactly
 * what was there; (3) indexes that nobody needs any more go to the garbage, with the tuples if those are gone too.
 */
import { assert, boxError } from '../../base/index.ts';
import {
  createTupleFormat,
  formatAcceptsTuplesOf,
  isNullableKeyDef,
  type KeyDef,
  type KeyPart,
  sameJsonPath,
  type TupleFormat,
} from '../../tuple/index.ts';
import type { IndexDefinition, SpaceIndex } from '../indexes/index.ts';
import type { Space, SpaceDefinition, SpaceState } from '../memtx/index.ts';
import type { SystemChangeContext } from './change.ts';
import { orderedByPrimary } from './definitions/index-definition.ts';
import type { SpaceField } from './definitions/space-format.ts';
import { createSpaceIndex } from './index-factory.ts';
import { refreshRefusal } from './refusals.ts';
import type { ConstraintKind, Schema } from './schema.ts';
import { SpaceBuild } from './space-build.ts';
import { InactiveIndex } from './virtual-index.ts';

/** An index that the altered space is to have. */
export type IndexSlot = Readonly<{
  definition: IndexDefinition;
  /** The index of that id before, null for a new one. */
  previous: SpaceIndex | null;
  /** False for a functional index whose function is to be forgotten. */
  usesFunction: boolean;
}>;

export type Alteration = Readonly<{
  space: Space;
  definition: SpaceDefinition;
  fields: readonly SpaceField[];
  /** By index id. */
  slots: readonly (IndexSlot | null)[];
  /** The new space starts without tuples. */
  truncates: boolean;
  /** Names that the change takes or gives up among the space's constraints. */
  addedConstraint: Readonly<{ name: string; kind: ConstraintKind }> | null;
  droppedConstraint: string | null;
  changesVersion: boolean;
}>;

/** An alteration that changes nothing but the version; callers say what differs. */
export function unchangedSpace(schema: Schema, space: Space): Alteration {
  return {
    space,
    definition: space.definition,
    fields: schema.details(space).fields,
    slots: space.indexes.map((index) => (index === null ? null : keptSlot(index))),
    truncates: false,
    addedConstraint: null,
    droppedConstraint: null,
    changesVersion: true,
  };
}

export function keptSlot(index: SpaceIndex): IndexSlot {
  return { definition: index.definition, previous: index, usesFunction: !(index instanceof InactiveIndex) };
}

/** The slots with one exchanged, the others ordered by the primary key that they have then. */
export function withSlot(
  slots: readonly (IndexSlot | null)[],
  id: number,
  slot: IndexSlot | null,
): readonly (IndexSlot | null)[] {
  const next: (IndexSlot | null)[] = [...slots];
  while (next.length <= id) next.push(null);
  next[id] = slot;
  const primary = next[0]?.definition.keyDef ?? null;
  return next.map((each, at) =>
    each === null || primary === null || (id !== 0 && at !== id)
      ? each
      : { ...each, definition: orderedByPrimary(each.definition, primary) },
  );
}

/** The tuple format of a space with these fields and indexes. Throws if they contradict each other. */
export function formatOf(
  schema: Schema,
  definition: SpaceDefinition,
  fields: readonly SpaceField[],
  indexes: readonly IndexDefinition[],
): TupleFormat {
  fields.forEach(({ collationId }, index) => {
    if (collationId !== 0 && schema.collator(collationId) === undefined) {
      throw boxError('WRONG_COLLATION_OPTIONS', index + 1, 'collation was not found by ID');
    }
  });
  const keyDefs = indexes.filter((index) => index.functionId === null).map((index) => index.keyDef);
  return createTupleFormat({ fields, keyDefs, exactFieldCount: definition.fieldCount });
}

/** An alteration with all that had to be found out or made for it. */
type Prepared = Readonly<{ format: TupleFormat; indexes: readonly (SpaceIndex | null)[]; made: readonly SpaceIndex[] }>;

/** Whether carrying it out reads all tuples of the space, and how many those are. */
export function tuplesToRead(schema: Schema, alteration: Alteration): number {
  const size = alteration.space.primary?.size ?? 0;
  if (size === 0 || alteration.truncates) return 0;
  const fills = alteration.slots.some((slot) => slot !== null && !keepsIndex(slot));
  return fills || !formatAcceptsTuplesOf(alterationFormat(schema, alteration), alteration.space.format) ? size : 0;
}

/** Begins to build what the alteration needs, beside the space. */
export function beginBuild(schema: Schema, alteration: Alteration, row: Uint8Array): SpaceBuild {
  checkUnlocked(alteration.space, null);
  const { format, made } = prepare(schema, alteration, null);
  const build = new SpaceBuild(alteration.space, format, made, row);
  build.observe();
  return build;
}

/**
 * Carries the alteration out. Throws what forbids it; nothing has changed then, and what has been prepared is still the
 * caller's.
 */
export function alterSpace(schema: Schema, alteration: Alteration, context: SystemChangeContext): void {
  const { space } = alteration;
  const build = context.prepared ?? null;
  checkUnlocked(space, build);
  let made: readonly SpaceIndex[] = [];
  try {
    const prepared = prepare(schema, alteration, build);
    made = prepared.made;
    checkTemporary(alteration);
    checkConstraintName(schema, alteration);
    fill(alteration, prepared, build, context);
    install(schema, alteration, prepared, context);
    build?.release();
  } catch (error) {
    // What a build made, its owner gives back.
    if (build === null) for (const index of made) schema.garbage.addIndex(space.memory, index);
    throw error;
  }
}

/** As long as indexes of a space are being built, nobody else alters it. */
export function checkUnlocked(space: Space, build: SpaceBuild | null): void {
  if (space.observer === null || space.observer === build) return;
  throw boxError('ALTER_SPACE', space.name, 'the space is already being modified');
}

/** What an alteration brings is compared with what was there, never the other way round: errors show the order. */
function alterationFormat(schema: Schema, { definition, fields, slots }: Alteration): TupleFormat {
  const present = slots.filter((slot) => slot !== null);
  const isKept = ({ previous, definition: { id, keyDef } }: IndexSlot): boolean =>
    id === 0 || previous?.definition.keyDef === keyDef;
  const ordered = [...present.filter(isKept), ...present.filter((slot) => !isKept(slot))];
  return formatOf(
    schema,
    definition,
    fields,
    ordered.map((slot) => slot.definition),
  );
}

function prepare(schema: Schema, alteration: Alteration, build: SpaceBuild | null): Prepared {
  const format = alterationFormat(schema, alteration);
  const made: SpaceIndex[] = [];
  const indexes = alteration.slots.map((slot) => {
    if (slot === null) return null;
    if (slot.previous !== null && keepsIndex(slot) && !alteration.truncates) return slot.previous;
    const built = build?.indexes.find((index) => index.definition.id === slot.definition.id);
    const index = built ?? createSpaceIndex(schema, alteration.space, slot.definition, slot.usesFunction);
    made.push(index);
    return index;
  });
  return { format, indexes, made };
}

function checkTemporary({ space, definition }: Alteration): void {
  if (space.byteSize === 0 || space.definition.isTemporary === definition.isTemporary) return;
  throw boxError('ALTER_SPACE', space.name, 'can not switch temporary flag on a non-empty space');
}

function checkConstraintName(schema: Schema, { space, addedConstraint, droppedConstraint }: Alteration): void {
  if (addedConstraint === null || addedConstraint.name === droppedConstraint) return;
  const present = schema.details(space).constraints.get(addedConstraint.name);
  if (present !== undefined) throw boxError('CONSTRAINT_EXISTS', present, addedConstraint.name, space.name);
}

/** Fills new indexes and checks the tuples, unless a build has done so. */
function fill(
  alteration: Alteration,
  { format, made }: Prepared,
  build: SpaceBuild | null,
  context: SystemChangeContext,
): void {
  const { space, slots, truncates } = alteration;
  if (truncates || space.primary === null || space.primary.size === 0) return;
  if (build !== null) {
    assert(build.isDone, 'a build is finished before its statement runs');
    build.throwFailure();
    return;
  }
  const checksFormat = !formatAcceptsTuplesOf(format, space.format);
  const work = slots.some((slot) => slot !== null && slot.usesFunction && rebuildsInTarantool(slot))
    ? 'index build'
    : 'space format check';
  if (made.length === 0 && !checksFormat) return;
  if ((checksFormat || work === 'index build') && context.transactions.redo.count > 1) {
    throw boxError('MULTISTATEMENT_TRANSACTION', work);
  }
  new SpaceBuild(space, format, made).advance(Infinity);
}

function install(
  schema: Schema,
  alteration: Alteration,
  { format, indexes }: Prepared,
  context: SystemChangeContext,
): void {
  const { space, definition, fields, slots, truncates } = alteration;
  const details = schema.details(space);
  const before: SpaceState = space.state;
  const fieldsBefore = details.fields;
  const dropped = before.indexes.filter((index) => index !== null && !indexes.includes(index));
  const made = indexes.filter((index) => index !== null && !before.indexes.includes(index));
  const losesTuples = truncates || (indexes[0] ?? null) === null;
  const redefined = redefinedIndexes(slots, indexes);
  space.state = { definition, format, indexes, byteSize: losesTuples ? 0 : before.byteSize };
  details.fields = fields;
  for (const { index, after } of redefined) index.definition = after;
  const undoNames = exchangeNames(schema, alteration, before.definition.name);
  refreshRefusal(schema, space);
  if (alteration.changesVersion) schema.version++;
  schema.revision++;
  context.transactions.schemaChanged({
    rollback: () => {
      undoNames();
      for (const { index, former } of redefined) index.definition = former;
      details.fields = fieldsBefore;
      space.state = before;
      refreshRefusal(schema, space);
      schema.revision++;
      for (const index of made) if (index !== null) schema.garbage.addIndex(space.memory, index);
    },
    commit: () => {
      for (const index of dropped) {
        if (index === null) continue;
        if (losesTuples && index === before.indexes[0]) schema.garbage.addTuples(space.memory, index);
        else schema.garbage.addIndex(space.memory, index);
      }
    },
  });
}

type Redefined = Readonly<{ index: SpaceIndex; former: IndexDefinition; after: IndexDefinition }>;

function redefinedIndexes(
  slots: readonly (IndexSlot | null)[],
  indexes: readonly (SpaceIndex | null)[],
): readonly Redefined[] {
  return slots.flatMap((slot, id) => {
    const index = indexes[id] ?? null;
    if (slot === null || index === null || index.definition === slot.definition) return [];
    return [{ index, former: index.definition, after: slot.definition }];
  });
}

/** Exchanges the space's name and those of its constraints; returns how to undo that. */
function exchangeNames(schema: Schema, alteration: Alteration, formerName: string): () => void {
  const { space, addedConstraint, droppedConstraint } = alteration;
  const { constraints } = schema.details(space);
  const { name } = alteration.definition;
  schema.spacesByName.delete(formerName);
  schema.spacesByName.set(name, space);
  const droppedKind = droppedConstraint === null ? undefined : constraints.get(droppedConstraint);
  if (droppedConstraint !== null) constraints.delete(droppedConstraint);
  if (addedConstraint !== null) constraints.set(addedConstraint.name, addedConstraint.kind);
  return () => {
    if (addedConstraint !== null) constraints.delete(addedConstraint.name);
    if (droppedConstraint !== null && droppedKind !== undefined) constraints.set(droppedConstraint, droppedKind);
    schema.spacesByName.delete(name);
    schema.spacesByName.set(formerName, space);
  };
}

/** Whether the index of the slot can stay as it is but for its name. */
function keepsIndex({ previous, definition, usesFunction }: IndexSlot): boolean {
  if (previous === null || previous instanceof InactiveIndex !== !usesFunction) return false;
  const former = previous.definition;
  return (
    former.type === definition.type &&
    former.isUnique === definition.isUnique &&
    former.dimension === definition.dimension &&
    former.distance === definition.distance &&
    former.functionId === definition.functionId &&
    sameKeyDef(former.keyDef, definition.keyDef) &&
    sameKeyDef(former.orderKeyDef, definition.orderKeyDef)
  );
}

function sameKeyDef(one: KeyDef, other: KeyDef): boolean {
  return (
    one.uniquePartCount === other.uniquePartCount &&
    one.parts.length === other.parts.length &&
    one.parts.every((part, index) => {
      const another = other.parts[index]!;
      return samePlace(part, another) && part.type === another.type && part.isNullable === another.isNullable;
    })
  );
}

function samePlace(one: KeyPart, other: KeyPart): boolean {
  return (
    one.fieldNo === other.fieldNo &&
    (one.collation?.id ?? 0) === (other.collation?.id ?? 0) &&
    sameJsonPath(one.path, other.path)
  );
}

/** Whether Tarantool fills such an index anew; it keeps more indexes than we do, which its errors show. */
export function rebuildsInTarantool({ previous, definition, usesFunction }: IndexSlot): boolean {
  if (previous === null) return true;
  const former = previous.definition;
  if (former.type !== definition.type || former.functionId !== definition.functionId) return true;
  if (previous instanceof InactiveIndex !== !usesFunction) return true;
  if (!former.isUnique && definition.isUnique) return true;
  if (former.type === 'rtree') {
    if (former.dimension !== definition.dimension || former.distance !== definition.distance) return true;
  }
  const dependsOnPrimary = former.type === 'tree' && (!former.isUnique || isNullableKeyDef(former.keyDef));
  const one = dependsOnPrimary ? former.orderKeyDef : former.keyDef;
  const other = dependsOnPrimary ? definition.orderKeyDef : definition.keyDef;
  return one.parts.length !== other.parts.length || one.parts.some((part, at) => !samePlace(part, other.parts[at]!));
}

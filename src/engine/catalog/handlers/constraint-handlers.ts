/**
 * Rows of `_ck_constraint`, `_fk_constraint` and `_trigger`: rules written in SQL. They are kept as they are; the text
 * of a rule is not looked into, and a space under an active one takes no data changes.
 */
import { boxError } from '../../../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  readUnsigned,
  skipValue,
} from '../../../codec/msgpack/index.ts';
import { fieldTypeContains } from '../../../tuple/index.ts';
import type { Space } from '../../memtx/index.ts';
import { anyRow, type SystemChangeHandler } from '../change.ts';
import { readName } from '../definitions/identifiers.ts';
import { enumValue } from '../definitions/options.ts';
import { refreshRefusal } from '../refusals.ts';
import type { CheckRule, ForeignKeyRule, Schema } from '../schema.ts';
import type { TupleReader } from '../tuple-reader.ts';

const CHECK = { spaceId: 0, name: 1, isDeferred: 2, language: 3, code: 4, isEnabled: 5 } as const;
const TRIGGER = { name: 0, spaceId: 1, options: 2 } as const;
const FOREIGN_KEY = {
  name: 0,
  childId: 1,
  parentId: 2,
  isDeferred: 3,
  match: 4,
  onDelete: 5,
  onUpdate: 6,
  childFields: 7,
  parentFields: 8,
} as const;
const MATCHES = ['simple', 'partial', 'full'] as const;
const ACTIONS = ['restrict', 'set_null', 'set_default', 'cascade', 'no_action'] as const;

export function checkHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    const { newRow, context } = change;
    const space = schema.existingSpace(anyRow(change).unsigned(CHECK.spaceId));
    const { checks, constraints } = schema.details(space);
    const rule = newRow === null ? null : readCheck(newRow);
    const name = rule?.name ?? anyRow(change).string(CHECK.name);
    const former = checks.get(name) ?? null;
    const onlySwitched = rule !== null && former?.language === rule.language && former.code === rule.code;
    if (rule !== null && !onlySwitched) {
      if ((space.primary?.size ?? 0) > 0) {
        throw boxError('CREATE_CK_CONSTRAINT', name, 'referencing space must be empty');
      }
      if (former === null) claimName(schema, space, name);
    }
    const put = (value: CheckRule | null): void => {
      if (value === null) checks.delete(name);
      else checks.set(name, value);
      if (value === null) constraints.delete(name);
      else constraints.set(name, 'CHECK');
      refreshRefusal(schema, space);
      schema.revision++;
    };
    put(rule);
    if (!onlySwitched) schema.version++;
    context.transactions.schemaChanged({ rollback: () => put(former) });
  };
}

function readCheck(row: TupleReader): CheckRule {
  if (row.boolean(CHECK.isDeferred)) throw boxError('UNSUPPORTED', 'Tarantool', 'deferred ck constraints');
  const name = readName(row, CHECK.name, 'CREATE_CK_CONSTRAINT', 'check constraint');
  const language = row.string(CHECK.language);
  if (enumValue(['SQL'] as const, language) === null) throw boxError('FUNCTION_LANGUAGE', language, name);
  const code = row.string(CHECK.code);
  const isEnabled = row.fieldCount > CHECK.isEnabled ? row.boolean(CHECK.isEnabled) : true;
  return { name, language, code, isEnabled };
}

function claimName(schema: Schema, space: Space, name: string): void {
  const present = schema.details(space).constraints.get(name);
  if (present !== undefined) throw boxError('CONSTRAINT_EXISTS', present, name, space.name);
}

export function triggerHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    const { newRow, context } = change;
    const row = newRow ?? anyRow(change);
    const name = row.string(TRIGGER.name);
    const spaceId = row.unsigned(TRIGGER.spaceId);
    const space = schema.existingSpace(spaceId);
    const { triggers } = schema.details(space);
    const had = triggers.has(name);
    const put = (present: boolean): void => {
      if (present) triggers.add(name);
      else triggers.delete(name);
      refreshRefusal(schema, space);
      schema.revision++;
    };
    put(newRow !== null);
    schema.version++;
    context.transactions.schemaChanged({ rollback: () => put(had) });
  };
}

export function foreignKeyHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    const { newRow, context } = change;
    const row = anyRow(change);
    const name = row.string(FOREIGN_KEY.name);
    const child = schema.existingSpace((newRow ?? row).unsigned(FOREIGN_KEY.childId));
    const former = schema.details(child).foreignKeys.get(name) ?? null;
    const rule = newRow === null ? null : readForeignKey(schema, newRow);
    if (rule !== null && former === null) claimName(schema, child, name);
    exchangeForeignKey(schema, child, former, rule);
    schema.version++;
    context.transactions.schemaChanged({ rollback: () => exchangeForeignKey(schema, child, rule, former) });
  };
}

function exchangeForeignKey(
  schema: Schema,
  child: Space,
  former: ForeignKeyRule | null,
  rule: ForeignKeyRule | null,
): void {
  const { foreignKeys, constraints } = schema.details(child);
  if (former !== null) {
    foreignKeys.delete(former.name);
    constraints.delete(former.name);
    referTo(schema, former, false);
  }
  if (rule !== null) {
    foreignKeys.set(rule.name, rule);
    constraints.set(rule.name, 'FOREIGN KEY');
    referTo(schema, rule, true);
  }
  refreshRefusal(schema, child);
  schema.revision++;
}

function referTo(schema: Schema, rule: ForeignKeyRule, present: boolean): void {
  const parent = schema.spaces.get(rule.parentId);
  if (parent === undefined) return;
  const { references } = schema.details(parent);
  if (present) references.add(rule);
  else references.delete(rule);
  refreshRefusal(schema, parent);
}

function readForeignKey(schema: Schema, row: TupleReader): ForeignKeyRule {
  const name = readName(row, FOREIGN_KEY.name, 'CREATE_FK_CONSTRAINT', 'constraint');
  const fail = (reason: string): Error => boxError('CREATE_FK_CONSTRAINT', name, reason);
  const parentFields = arrayOf(row, FOREIGN_KEY.parentFields);
  if (parentFields.length === 0) throw fail('at least one link must be specified');
  const childFields = arrayOf(row, FOREIGN_KEY.childFields);
  if (childFields.length !== parentFields.length) {
    throw fail('number of referenced and referencing fields must be the same');
  }
  const bad = parentFields.findIndex((field, index) => field < 0 || childFields[index]! < 0);
  if (bad >= 0) throw fail(`value of ${bad} link is not unsigned`);
  const childId = row.unsigned(FOREIGN_KEY.childId);
  const parentId = row.unsigned(FOREIGN_KEY.parentId);
  row.boolean(FOREIGN_KEY.isDeferred);
  if (enumValue(MATCHES, row.string(FOREIGN_KEY.match)) === null) throw fail('unknown MATCH clause');
  if (enumValue(ACTIONS, row.string(FOREIGN_KEY.onDelete)) === null) throw fail('unknown ON DELETE action');
  if (enumValue(ACTIONS, row.string(FOREIGN_KEY.onUpdate)) === null) throw fail('unknown ON UPDATE action');
  const child = schema.existingSpace(childId);
  if (child.definition.isView) throw fail("referencing space can't be VIEW");
  const parent = schema.existingSpace(parentId);
  if (parent.definition.isView) throw fail("referenced space can't be VIEW");
  if ((child.primary?.size ?? 0) > 0) throw fail('referencing space must be empty');
  checkLinks(schema, child, childFields, parent, parentFields, fail);
  const index = parent.indexList.find(
    ({ definition: { isUnique, keyDef } }) =>
      isUnique &&
      keyDef.parts.length === parentFields.length &&
      parentFields.every((fieldNo) => keyDef.parts.some((part) => part.fieldNo === fieldNo && part.path === null)),
  );
  if (index === undefined) throw fail("referenced fields don't compose unique index");
  return { name, childId, parentId, parentIndexId: index.definition.id };
}

function checkLinks(
  schema: Schema,
  child: Space,
  childFields: readonly number[],
  parent: Space,
  parentFields: readonly number[],
  fail: (reason: string) => Error,
): void {
  parentFields.forEach((parentNo, index) => {
    const childField = schema.details(child).fields[childFields[index]!];
    const parentField = schema.details(parent).fields[parentNo];
    if (childField === undefined || parentField === undefined) throw fail('foreign key refers to nonexistent field');
    if (!fieldTypeContains(parentField.type, childField.type)) throw fail('field type mismatch');
    if (childField.collationId !== parentField.collationId) throw fail('field collation mismatch');
  });
  if (new Set(parentFields).size < parentFields.length) throw fail('referenced fields can not contain duplicates');
}

/** The numbers in an array field; what is no unsigned number is -1. */
function arrayOf(row: TupleReader, fieldNo: number): readonly number[] {
  const position = row.arrayPosition(fieldNo);
  const numbers: number[] = [];
  let next = position + containerHeaderSize(row.bytes, position);
  for (let left = arrayLength(row.bytes, position); left > 0; left--) {
    numbers.push(kindAt(row.bytes, next) === KIND.unsigned ? readUnsigned(row.bytes, next) : -1);
    next = skipValue(row.bytes, next);
  }
  return numbers;
}

/** Rows of `_func`: functions that can be called by name, or give keys to indexes. */
import { boxError } from '../../../base/index.ts';
import { predefinedFunctions } from '../bootstrap/index.ts';
import { anyRow, type SystemChange, type SystemChangeHandler } from '../change.ts';
import {
  type FunctionDefinition,
  FUNCTION_ID_FIELD,
  readFunctionRow,
  sameFunction,
} from '../definitions/function-definition.ts';
import type { SchemaObject } from '../ports.ts';
import type { Schema } from '../schema.ts';
import { SYSTEM_SPACE } from '../system-space-ids.ts';

export function functionHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    const { oldRow, newRow } = change;
    const present = schema.functions.get(anyRow(change).unsigned(FUNCTION_ID_FIELD));
    if (present === undefined) createFunction(schema, change);
    else if (newRow === null) dropFunction(schema, present, change);
    else if (oldRow !== null && !sameFunction(readFunctionRow(oldRow), readFunctionRow(newRow))) {
      throw boxError('UNSUPPORTED', 'function', 'alter');
    }
  };
}

function functionObject({ id, ownerId, name }: FunctionDefinition): SchemaObject {
  return { type: 'function', id, ownerId, name };
}

function createFunction(schema: Schema, { newRow, context }: SystemChange): void {
  if (newRow === null) return;
  const definition = readFunctionRow(newRow);
  schema.ports.access.check(context.user, functionObject(definition), 'create');
  if (definition.language === 'SQL_BUILTIN' && !predefinedFunctions().has(definition.name)) {
    throw boxError('CREATE_FUNCTION', definition.name, 'given built-in is not predefined');
  }
  schema.ports.functions?.load(definition);
  put(schema, definition);
  context.transactions.schemaChanged({
    rollback: () => {
      remove(schema, definition);
      schema.ports.functions?.unload(definition.id);
    },
  });
}

function dropFunction(schema: Schema, definition: FunctionDefinition, { context }: SystemChange): void {
  const fail = (reason: string): Error => boxError('DROP_FUNCTION', definition.ownerId, reason);
  schema.ports.access.check(context.user, functionObject(definition), 'drop');
  if (schema.hasRow(SYSTEM_SPACE.privilege, 2, ['function', definition.id])) throw fail('function has grants');
  if (schema.hasRow(SYSTEM_SPACE.functionIndex, 1, [definition.id])) throw fail('function has references');
  if (definition.language === 'SQL_BUILTIN') throw fail('function is SQL built-in');
  remove(schema, definition);
  context.transactions.schemaChanged({
    rollback: () => put(schema, definition),
    commit: () => {
      if (!schema.functions.has(definition.id)) schema.ports.functions?.unload(definition.id);
    },
  });
}

function put(schema: Schema, definition: FunctionDefinition): void {
  schema.functions.set(definition.id, definition);
  schema.functionsByName.set(definition.name, definition);
  schema.revision++;
}

function remove(schema: Schema, definition: FunctionDefinition): void {
  schema.functions.delete(definition.id);
  schema.functionsByName.delete(definition.name);
  schema.revision++;
}

/** Rows of `_func_index`, which tie an index to the function that gives its keys. */
import { boxError } from '../../../base/index.ts';
import { alterSpace, keptSlot, unchangedSpace, withSlot } from '../alteration.ts';
import { anyRow, type SystemChangeHandler } from '../change.ts';
import type { FunctionDefinition } from '../definitions/function-definition.ts';
import type { Schema } from '../schema.ts';
import { InactiveIndex } from '../virtual-index.ts';

const FIELD = { spaceId: 0, indexId: 1, functionId: 2 } as const;

/** Throws unless the function always gives the same keys for a tuple and can reach nothing else. */
export function checkFunctionForIndex(definition: FunctionDefinition): void {
  const { language, body, isDeterministic, isSandboxed } = definition;
  if (language === 'LUA' && body !== null && isDeterministic && isSandboxed) return;
  throw boxError('WRONG_INDEX_OPTIONS', 0, "referenced function doesn't satisfy functional index function constraints");
}

export function functionIndexHandler(schema: Schema): SystemChangeHandler {
  return (change) => {
    const { oldRow, newRow, context } = change;
    if (oldRow !== null && newRow !== null) throw boxError('UNSUPPORTED', 'functional index', 'alter');
    const row = anyRow(change);
    const space = schema.existingSpace(row.unsigned(FIELD.spaceId));
    const indexId = row.unsigned(FIELD.indexId);
    const functionId = row.unsigned(FIELD.functionId);
    const index = space.index(indexId);
    if (newRow !== null) {
      const definition = schema.functions.get(functionId);
      if (definition === undefined) throw boxError('NO_SUCH_FUNCTION', functionId);
      checkFunctionForIndex(definition);
      if (index.definition.functionId !== functionId) {
        throw boxError('WRONG_INDEX_OPTIONS', 0, "Function ids defined in _index and _func_index don't match");
      }
    }
    const usesFunction = newRow !== null;
    if (index instanceof InactiveIndex === !usesFunction) return;
    const alteration = unchangedSpace(schema, space);
    const slots = withSlot(alteration.slots, indexId, { ...keptSlot(index), usesFunction });
    alterSpace(schema, { ...alteration, slots }, context);
  };
}

/**
 * Procedures in TypeScript: `export const add = defineProcedure('add', (api, a: number, b: number) => a + b)`.
 * What a procedure returns is its result; an array is one result that is an array. `results(...)` returns several.
 */
import type { Value } from '../../codec/msgpack/index.ts';
import type { Box, ProcedureBody, Session } from '../../engine/box/index.ts';
import { createLocalApi, type LocalApi } from './local-api.ts';

/** The body; it may return a promise, but statements before and after a wait are transactions of their own. */
export type ProcedureFunction = (api: LocalApi, ...args: never[]) => unknown;

const PROCEDURE = 'picodata.procedure';
const RESULTS = 'picodata.results';

export type ProcedureDefinition<Body extends ProcedureFunction = ProcedureFunction> = Readonly<{
  kind: typeof PROCEDURE;
  name: string;
  body: Body;
}>;

export type ProcedureResults = Readonly<{ kind: typeof RESULTS; values: readonly Value[] }>;

/** Declares a procedure under the name by which clients call it. A module given as `--script` exports it. */
export function defineProcedure<Body extends ProcedureFunction>(name: string, body: Body): ProcedureDefinition<Body> {
  return { kind: PROCEDURE, name, body };
}

/** Several results, as a Lua function returns them. */
export function results(...values: readonly Value[]): ProcedureResults {
  return { kind: RESULTS, values };
}

/** By its shape, because the script that made it may have loaded another copy of this module. */
export function isProcedureDefinition(value: unknown): value is ProcedureDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === PROCEDURE;
}

/** In whichever realm it was made. */
function isAsync(body: ProcedureFunction): boolean {
  return Object.prototype.toString.call(body) === '[object AsyncFunction]';
}

/** Makes the procedure callable. Throws ER_FUNCTION_EXISTS for a name that is taken. */
export function registerProcedure(box: Box, definition: ProcedureDefinition): void {
  const apis = new WeakMap<Session, LocalApi>();
  const body = definition.body as (api: LocalApi, ...args: readonly Value[]) => unknown;
  const call: ProcedureBody = (session, args) => {
    let api = apis.get(session);
    if (api === undefined) {
      api = createLocalApi(box, session);
      apis.set(session, api);
    }
    const returned = body(api, ...args);
    return returned instanceof Promise ? returned.then(asResults) : asResults(returned);
  };
  box.procedures.register(definition.name, call, isAsync(definition.body));
}

function asResults(returned: unknown): readonly Value[] {
  if (returned === undefined) return [];
  if (typeof returned === 'object' && returned !== null && 'kind' in returned && returned.kind === RESULTS) {
    return (returned as ProcedureResults).values;
  }
  return [returned as Value];
}

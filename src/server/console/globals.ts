/** What the console's language knows beside JavaScript itself: the local API of procedures, and what asks the instance. */
import type { LocalApi } from '../../app/procedures/index.ts';

/** A text that is printed as it is. */
export class HelpText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type ConsoleHost = Readonly<{
  api: LocalApi;
  /** What the instance says of itself. */
  information: () => unknown;
  /** Prints a value as a result is printed. */
  print: (value: unknown) => void;
}>;

const HELP = `Expressions of JavaScript are evaluated in this instance, with the rights of admin; promises are waited for.

  space('users')                                    a space: get, select, insert, replace, update, upsert, delete,
                                                    count, pairs, length
    .insert([1, 'Ann'])                             writes a tuple
    .get(1)   .select([], { limit: 10 })            reads tuples
    .update(1, [['=', 1, 'Bob']])                   fields count from 0
  schema.createSpace('users', { format: [{ name: 'id', type: 'unsigned' }] })
  schema.createIndex('users', 'primary', { parts: ['id'] })
  atomic(() => { ... })                             one transaction: all of it, or, if it throws, nothing
  snapshot()                                        makes a snapshot
  memory()                                          bytes taken by user spaces
  info()                                            names, uuids, addresses of the instance
  print(value)                                      prints a value

  \\help          this text
  \\set language  the language: js
  \\quit          stops the instance, as Ctrl-D does; Ctrl-C drops the line, or ends an expression that runs
`;

export const HELP_TEXT = new HelpText(HELP);

/** The globals of a console's context. */
export function consoleGlobals({ api, information, print }: ConsoleHost): Readonly<Record<string, unknown>> {
  return {
    space: (nameOrId: string | number) => api.space(nameOrId),
    schema: api.schema,
    atomic: (body: () => unknown) => api.atomic(() => withOwnPromise(body())),
    snapshot: () => api.snapshot(),
    memory: () => api.memory(),
    info: information,
    print: (...values: readonly unknown[]) => values.forEach(print),
    help: HELP_TEXT,
    // Classes that the engine knows by identity: those of the context would be strangers to it.
    Map,
    Uint8Array,
  };
}

/** A promise of the context's realm as one of ours, by which a body that waits is refused. */
function withOwnPromise(value: unknown): unknown {
  return isThenable(value) ? Promise.resolve(value) : value;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * Calling functions of Lua by name, and evaluating text, as CALL and EVAL do it: rows of `_func` with a body first, then
 * global functions, `package.function` and `object:method`.
 */
import { BoxError, boxError, ByteWriter } from '../../../../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  skipValue,
  writeArrayHeader,
} from '../../../../codec/msgpack/index.ts';
import type {
  FunctionCaller,
  FunctionResults,
  FunctionSettled,
  RequestDoor,
  Session,
} from '../../../../engine/box/index.ts';
import type { FunctionDefinition } from '../../../../engine/catalog/index.ts';
import { LuaSyntaxError } from '../../compiler/lexer.ts';
import { LuaError } from '../../runtime/errors.ts';
import { LuaTable } from '../../runtime/table.ts';
import {
  allOf,
  LuaCdata,
  type LuaExecution,
  LuaFunction,
  type LuaResult,
  LuaUserdata,
  type LuaValue,
} from '../../runtime/values.ts';
import { byteStringOf, textOf } from '../byte-strings.ts';
import type { BoxContext } from '../context.ts';
import type { StoredFunctions } from './stored-functions.ts';

/** What a name stands for: the function, and the object in front of a colon. */
export type ResolvedFunction = Readonly<{ code: LuaValue; self: LuaValue; isMethod: boolean }>;

/** Texts of EVAL that stay compiled, and how long one may be: connectors send the same few again and again. */
const COMPILED_TEXTS_MAX = 1000;
const COMPILED_TEXT_BYTES_MAX = 4096;
/** An empty array. */
const NO_ARGUMENTS = Uint8Array.of(0x90);
const RAW_ARGUMENTS_BYTES = 64;

export class LuaCalls implements FunctionCaller {
  readonly #context: BoxContext;
  readonly #functions: StoredFunctions;
  /** The most recent last. */
  readonly #compiled = new Map<string, LuaFunction>();

  constructor(context: BoxContext, functions: StoredFunctions) {
    this.#context = context;
    this.#functions = functions;
  }

  /**
   * CALL: runs the function in a fiber of its own. Errors: NO_SUCH_PROC (33), what the function throws, and
   * FUNCTION_TX_ACTIVE (30) if it leaves a transaction open.
   */
  call(
    session: Session,
    name: string,
    bytes: Uint8Array,
    position: number,
    settled: FunctionSettled,
    door: RequestDoor | null,
  ): void {
    // Read inside the fiber, which begins at once: what cannot be read is an error of the call.
    this.#start(session, name, () => this.#callAsSent(name, bytes, position), settled, door);
  }

  /** EVAL: the same for a text; an error of its syntax is PROC_LUA (32). */
  evaluate(
    session: Session,
    text: string,
    bytes: Uint8Array,
    position: number,
    settled: FunctionSettled,
    door: RequestDoor | null,
  ): void {
    const begin = (): LuaExecution =>
      this.#context.runtime.call(this.#load(byteStringOf(text)), this.#argumentsAt(bytes, position));
    this.#start(session, 'eval', begin, settled, door);
  }

  /** Calls by name in the running fiber; nobody's rights are asked for. */
  callNamed(name: string, args: readonly LuaValue[]): LuaExecution {
    return this.#callNamed(textOf(name), args);
  }

  #argumentsAt(bytes: Uint8Array, position: number): LuaValue[] {
    return position < 0 ? [] : this.readArguments(bytes, position);
  }

  /** The arguments of a request: an array in MessagePack. */
  readArguments(bytes: Uint8Array, position: number): LuaValue[] {
    const args: LuaValue[] = [];
    let next = position + containerHeaderSize(bytes, position);
    for (let left = arrayLength(bytes, position); left > 0; left--) {
      args.push(this.#context.codec.read(bytes, next));
      next = skipValue(bytes, next);
    }
    return args;
  }

  /** Appends results, each as one value. Throws BoxError for what has no form in MessagePack. */
  writeResults(writer: ByteWriter, values: readonly LuaValue[]): void {
    try {
      for (const value of values) this.#context.codec.write(writer, value);
    } catch (error) {
      throw this.#context.foundation.boxErrorOf(error) ?? error;
    }
  }

  /** Calls a function of `_func`, with its owner's rights if its row says so. */
  callDefinition(definition: FunctionDefinition, args: readonly LuaValue[]): LuaExecution {
    return this.#callWith(definition, definition.takesRawArguments ? [this.#asRaw(args)] : args);
  }

  #asRaw(args: readonly LuaValue[]): LuaValue {
    const writer = new ByteWriter(RAW_ARGUMENTS_BYTES);
    writeArrayHeader(writer, args.length);
    this.writeResults(writer, args);
    return this.#context.codec.object(writer.toBytes());
  }

  *#callWith(definition: FunctionDefinition, args: readonly LuaValue[]): LuaExecution {
    const { box, runtime } = this.#context;
    const code = this.#functions.code(definition) ?? (yield* this.#global(definition.name, args));
    if (!(code instanceof LuaFunction)) return code;
    if (!definition.isSetuid) return yield* runtime.call(code, args);
    const { session } = this.#context;
    this.#context.session = session.actingAs(box.access.credentialsOf(definition.ownerId));
    try {
      return yield* runtime.call(code, args);
    } finally {
      this.#context.session = session;
    }
  }

  /** CALL: arguments that a function takes raw are never decoded. */
  #callAsSent(name: string, bytes: Uint8Array, position: number): LuaExecution {
    const definition = this.#context.box.catalog.functionByName(name);
    if (definition?.takesRawArguments !== true) return this.#callNamed(name, this.#argumentsAt(bytes, position));
    const raw = position < 0 ? NO_ARGUMENTS : bytes.slice(position, skipValue(bytes, position));
    return this.#callWith(definition, [this.#context.codec.object(raw)]);
  }

  *#callNamed(name: string, args: readonly LuaValue[]): LuaExecution {
    const definition = this.#context.box.catalog.functionByName(name);
    if (definition !== undefined) return yield* this.callDefinition(definition, args);
    const { code, self, isMethod } = yield* resolveFunction(this.#context, name);
    return yield* this.#context.runtime.call(code, isMethod ? [self, ...args] : args);
  }

  /** The global function behind a row without a body, with the object of a method bound to it. */
  *#global(name: string, _args: readonly LuaValue[]): Generator<object, LuaFunction, unknown> {
    const { runtime } = this.#context;
    const { code, self, isMethod } = yield* resolveFunction(this.#context, name);
    const callable = runtime.callable(code, '');
    if (!isMethod) return callable;
    return new LuaFunction(null, (...values) => runtime.call(callable, [self, ...values]));
  }

  #load(expression: string): LuaFunction {
    const known = this.#compiled.get(expression);
    if (known !== undefined) return known;
    try {
      const code = this.#context.machine.load(expression, '=eval');
      this.#keepCompiled(expression, code);
      return code;
    } catch (error) {
      if (error instanceof LuaSyntaxError) throw new LuaError(error.message, []);
      throw error;
    }
  }

  /** A text that exchanges its own environment would find it exchanged the next time. */
  #keepCompiled(text: string, code: LuaFunction): void {
    if (text.length > COMPILED_TEXT_BYTES_MAX || text.includes('setfenv')) return;
    if (this.#compiled.size >= COMPILED_TEXTS_MAX) this.#compiled.delete(this.#compiled.keys().next().value ?? '');
    this.#compiled.set(text, code);
  }

  #start(
    session: Session,
    name: string,
    begin: () => LuaExecution,
    settled: FunctionSettled,
    door: RequestDoor | null,
  ): void {
    const { scheduler, options } = this.#context.machine;
    const fiber = scheduler.create(name, session, this.#guarded(begin), options.sliceLimitMs);
    fiber.door = door;
    fiber.onEnd.push(() => {
      const { outcome } = fiber;
      if (outcome === null) return;
      if ('error' in outcome) settled({ error: this.#failure(outcome.error) });
      else settled({ results: this.#results(outcome.result) });
    });
    scheduler.start(fiber);
  }

  /** Throws what is no error of a program. */
  #failure(error: unknown): BoxError {
    const failure = this.#context.foundation.boxErrorOf(error);
    if (failure instanceof BoxError) return failure;
    throw error;
  }

  #results(result: LuaResult): FunctionResults {
    return {
      write: (output, areTuples) => {
        const values = allOf(result);
        if (areTuples) this.#writeTuples(output, values);
        else this.writeResults(output, values);
        return values.length;
      },
    };
  }

  /** As the old CALL has it: each value that is no array becomes one. */
  #writeTuples(output: ByteWriter, values: readonly LuaValue[]): void {
    for (const value of values) {
      const start = output.position;
      this.writeResults(output, [value]);
      if (kindAt(output.bytes, start) === KIND.array) continue;
      output.position = start;
      writeArrayHeader(output, 1);
      this.writeResults(output, [value]);
    }
  }

  *#guarded(begin: () => LuaExecution): LuaExecution {
    const { transactions } = this.#context;
    let result: LuaResult;
    try {
      result = yield* begin();
    } catch (error) {
      transactions.closeLeftOpen();
      throw error;
    }
    if (transactions.closeLeftOpen()) throw boxError('FUNCTION_TX_ACTIVE');
    return result;
  }
}

/** Looks a name up in the globals: `f`, `a.b.c` or `a.b:method`. Throws NO_SUCH_PROC (33). */
export function* resolveFunction(
  { machine, runtime }: BoxContext,
  name: string,
): Generator<object, ResolvedFunction, unknown> {
  const missing = (): Error => boxError('NO_SUCH_PROC', name);
  const [path = '', method] = splitMethod(name);
  let value: LuaValue = machine.state.globals;
  for (const part of path.split('.')) {
    if (!isIndexable(value)) throw missing();
    value = (yield* runtime.index(value, part, '')) as LuaValue;
  }
  if (method === undefined) {
    if (!(value instanceof LuaFunction) && runtime.metamethod(value, '__call') === undefined) throw missing();
    return { code: value, self: undefined, isMethod: false };
  }
  if (!isIndexable(value)) throw missing();
  const code = (yield* runtime.index(value, method, '')) as LuaValue;
  if (!(code instanceof LuaFunction)) throw missing();
  return { code, self: value, isMethod: true };
}

function splitMethod(name: string): readonly [string, string?] {
  const colon = name.lastIndexOf(':');
  return colon < 0 ? [name] : [name.slice(0, colon), name.slice(colon + 1)];
}

function isIndexable(value: LuaValue): boolean {
  return value instanceof LuaTable || value instanceof LuaUserdata || value instanceof LuaCdata;
}

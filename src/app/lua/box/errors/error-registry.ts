/** The errors of one Lua state: their cdata objects, and the last error of each fiber (`box.error.last`). */
import { BoxError } from '../../../../base/index.ts';
import { LuaError } from '../../runtime/errors.ts';
import { captureFrames, innermostLua } from '../../runtime/stack.ts';
import type { LuaFunction, LuaValue } from '../../runtime/values.ts';
import { type ErrorPlace, LuaBoxError } from './lua-box-error.ts';

export class ErrorRegistry {
  /** `error:unpack()` and its like. */
  readonly methods = new Map<string, LuaFunction>();
  readonly #known = new WeakMap<BoxError, LuaBoxError>();
  readonly #last = new WeakMap<object, LuaBoxError>();
  /** Stands for the running fiber where none runs. */
  readonly #nobody = {};
  readonly #currentFiber: () => object | null;

  constructor(currentFiber: () => object | null) {
    this.#currentFiber = currentFiber;
  }

  /** The object for an error, always the same one. */
  of(error: BoxError, place: ErrorPlace | null = null): LuaBoxError {
    let known = this.#known.get(error);
    if (known === undefined) {
      const previous = error.previous === null ? null : this.of(error.previous);
      known = new LuaBoxError(error, previous, place, this.methods);
      this.#known.set(error, known);
    }
    return known;
  }

  /** The object for an error that a Lua function makes, with the place of the call. */
  make(error: BoxError): LuaBoxError {
    const frame = innermostLua(captureFrames());
    const chunk = frame?.chunk ?? null;
    return this.of(error, chunk === null ? null : { file: chunk.shortName, line: frame?.line ?? 0 });
  }

  /** What `pcall` gives for an exception of the host; throws it again if it is none for programs. */
  valueOf(error: unknown): LuaValue {
    if (!(error instanceof BoxError)) throw error;
    const value = this.of(error);
    this.last = value;
    return value;
  }

  /** As an exception that Lua can catch as this very object. */
  raise(error: LuaBoxError): LuaError {
    this.last = error;
    return new LuaError(error, captureFrames());
  }

  get last(): LuaBoxError | null {
    return this.#last.get(this.#currentFiber() ?? this.#nobody) ?? null;
  }

  set last(error: LuaBoxError | null) {
    const fiber = this.#currentFiber() ?? this.#nobody;
    if (error === null) this.#last.delete(fiber);
    else this.#last.set(fiber, error);
  }
}

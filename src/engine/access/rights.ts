/**
 * Bits of privileges by object: what is granted to a user or role, or what comes of it all.
 * Invariant: objects without privileges have no entry.
 */
import { unreachable } from '../../base/index.ts';

/** Classes of objects that have rights of their own. */
export type ObjectClass = 'space' | 'function' | 'user' | 'role' | 'sequence';

/** `id` of a whole class; ids of objects are never negative. */
export const WHOLE_CLASS = -1;

/** What a privilege is about. Of the universe there is one, with id 0. */
export type RightsTarget = Readonly<{ kind: ObjectClass | 'universe'; id: number }>;

export class Rights {
  universe = 0;
  readonly spaces = new Map<number, number>();
  readonly functions = new Map<number, number>();
  readonly users = new Map<number, number>();
  readonly roles = new Map<number, number>();
  readonly sequences = new Map<number, number>();

  /** Bits for one object, those for its class not included. */
  of(kind: ObjectClass, id: number): number {
    return this.#ofClass(kind).get(id) ?? 0;
  }

  /** Bits for every object of the class. */
  ofAll(kind: ObjectClass): number {
    return this.#ofClass(kind).get(WHOLE_CLASS) ?? 0;
  }

  get({ kind, id }: RightsTarget): number {
    return kind === 'universe' ? this.universe : this.of(kind, id);
  }

  set({ kind, id }: RightsTarget, bits: number): void {
    if (kind === 'universe') this.universe = bits;
    else if (bits === 0) this.#ofClass(kind).delete(id);
    else this.#ofClass(kind).set(id, bits);
  }

  /** Adds all that the other has. */
  add(other: Rights): void {
    this.universe |= other.universe;
    for (const kind of OBJECT_CLASSES) {
      const own = this.#ofClass(kind);
      for (const [id, bits] of other.#ofClass(kind)) own.set(id, (own.get(id) ?? 0) | bits);
    }
  }

  clear(): void {
    this.universe = 0;
    for (const kind of OBJECT_CLASSES) this.#ofClass(kind).clear();
  }

  #ofClass(kind: ObjectClass): Map<number, number> {
    switch (kind) {
      case 'space':
        return this.spaces;
      case 'function':
        return this.functions;
      case 'user':
        return this.users;
      case 'role':
        return this.roles;
      case 'sequence':
        return this.sequences;
      default:
        return unreachable(kind);
    }
  }
}

const OBJECT_CLASSES: readonly ObjectClass[] = ['space', 'function', 'user', 'role', 'sequence'];

/**
 * Bits of privileges by object: what is granted to a user or role, or what comes of it all.
 * Invariant: objects without privileges have no entry.
 */

/** Classes of objects that have rights of their own. */
export type ObjectClass = 'space' | 'function' | 'user' | 'role' | 'sequence';

/** `id` of a whole class; ids of objects are never negative. */
export const WHOLE_CLASS = -1;

/** What a privilege is about. Of the universe there is one, with id 0. */
export type RightsTarget = Readonly<{ kind: ObjectClass | 'universe'; id: number }>;

/** Bits for the objects of one class. */
export class ClassRights {
  /** For every object of the class. */
  all = 0;
  /** For single objects, by id. */
  readonly single = new Map<number, number>();

  get(id: number): number {
    return id === WHOLE_CLASS ? this.all : (this.single.get(id) ?? 0);
  }

  set(id: number, bits: number): void {
    if (id === WHOLE_CLASS) this.all = bits;
    else if (bits === 0) this.single.delete(id);
    else this.single.set(id, bits);
  }

  add(other: ClassRights): void {
    this.all |= other.all;
    for (const [id, bits] of other.single) this.single.set(id, bits | this.get(id));
  }

  clear(): void {
    this.all = 0;
    this.single.clear();
  }
}

export class Rights {
  universe = 0;
  readonly space = new ClassRights();
  readonly function = new ClassRights();
  readonly user = new ClassRights();
  readonly role = new ClassRights();
  readonly sequence = new ClassRights();

  get({ kind, id }: RightsTarget): number {
    return kind === 'universe' ? this.universe : this[kind].get(id);
  }

  set({ kind, id }: RightsTarget, bits: number): void {
    if (kind === 'universe') this.universe = bits;
    else this[kind].set(id, bits);
  }

  /** Adds all that the other has. */
  add(other: Rights): void {
    this.universe |= other.universe;
    for (const kind of OBJECT_CLASSES) this[kind].add(other[kind]);
  }

  clear(): void {
    this.universe = 0;
    for (const kind of OBJECT_CLASSES) this[kind].clear();
  }
}

const OBJECT_CLASSES: readonly ObjectClass[] = ['space', 'function', 'user', 'role', 'sequence'];

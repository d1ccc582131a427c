/** A key definition as a value of Lua: what `key_def.new` gives. */
import { boxError } from '../../../base/index.ts';
import {
  type Comparator,
  compileComparator,
  fieldTypeMask,
  type KeyDef,
  type KeyPart,
  maskAccepts,
  partPosition,
} from '../../../tuple/index.ts';
import { byteStringOf } from '../box/byte-strings.ts';
import type { LuaTuple } from '../box/tuple/lua-tuple.ts';
import { memberError } from '../ffi/member-error.ts';
import { LuaTable, tableOf } from '../runtime/table.ts';
import { LuaCdata, type LuaFunction, type LuaValue, type SerializedCdata } from '../runtime/values.ts';

/** Field numbers count from 1 for programs, and wrap as C's. */
const FIELD_BASE = 1;

export class KeyDefinition extends LuaCdata {
  override readonly typeName = 'struct key_def';
  readonly definition: KeyDef;
  readonly comparator: Comparator;
  /** Names of collations; one of an order that has no Collator is known by its name only. */
  readonly collations: ReadonlyMap<KeyPart, string>;
  readonly #methods: ReadonlyMap<string, LuaFunction>;

  constructor(definition: KeyDef, collations: ReadonlyMap<KeyPart, string>, methods: ReadonlyMap<string, LuaFunction>) {
    super();
    this.definition = definition;
    this.comparator = compileComparator(definition);
    this.collations = collations;
    this.#methods = methods;
  }

  override toText(): string {
    return '<struct key_def &>';
  }

  override index(key: LuaValue): LuaValue {
    return typeof key === 'string' ? this.#methods.get(key) : undefined;
  }

  override setIndex(key: LuaValue): void {
    throw memberError(this.typeName, key);
  }

  override serialized(): SerializedCdata {
    return { value: this.toTable() };
  }

  toTable(): LuaTable {
    const parts = this.definition.parts.map((part) => {
      const { type, isNullable, path } = part;
      return tableOf({
        type,
        is_nullable: isNullable,
        path: path === null ? undefined : byteStringOf(path.text),
        collation: this.collations.get(part),
        fieldno: (part.fieldNo + FIELD_BASE) >>> 0,
      });
    });
    return new LuaTable(parts);
  }

  /** Throws FIELD_MISSING (39) or KEY_PART_TYPE (18) for a tuple that has no such key. */
  check({ bytes, start }: LuaTuple): void {
    this.definition.parts.forEach((part, index) => {
      const at = partPosition(bytes, start, part, 0);
      if (at >= 0 && maskAccepts(fieldTypeMask(part.type, part.isNullable), bytes, at)) return;
      if (at >= 0) throw boxError('KEY_PART_TYPE', index, part.type);
      const path = part.path?.text ?? '';
      if (!part.isNullable) throw boxError('FIELD_MISSING', `[${part.fieldNo + FIELD_BASE}]${path}`);
    });
  }
}

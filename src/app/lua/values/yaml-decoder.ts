/** YAML to Lua values: what a plain scalar means is Tarantool's own rule, the syntax is read by the library `yaml`. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml';
import { fromByteText, toByteText } from '../../../base/index.ts';
import { NULL } from '../ffi/null.ts';
import { runtimeError } from '../runtime/errors.ts';
import { LuaTable } from '../runtime/table.ts';
import { textToNumber } from '../runtime/types.ts';
import type { LuaValue } from '../runtime/values.ts';
import { decodeBase64 } from './base64.ts';
import { luaIntegerOf } from './json-decoder.ts';
import type { Serializer } from './serializer.ts';
import type { SerializerOptions } from './serializer-options.ts';

const INTEGER = /^[+-]?\d+$/;
const TAG_DIRECTIVE = /^%TAG[ \t]+(\S+)[ \t]+(\S+)/gm;

/** The tag directives of a text's first document: handles and prefixes. */
export function tagDirectives(text: string): readonly (readonly [string, string])[] {
  const head = text.split(/^---/m, 1)[0]!;
  return [...head.matchAll(TAG_DIRECTIVE)].map((match) => [match[1]!, match[2]!]);
}

/** The values of all documents. Throws LuaError. */
export function decodeYaml(
  bytes: string,
  options: Readonly<SerializerOptions>,
  serializer: Serializer,
): readonly LuaValue[] {
  const lineCounter = new LineCounter();
  const text = fromByteText(bytes);
  const documents = parseAllDocuments(text, {
    lineCounter,
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    logLevel: 'silent',
    prettyErrors: false,
  });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document, index) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      throw runtimeError(`${error.message} at document: ${index + 1}, line: ${line}, column: ${col}\n`);
    }
    if (document.contents === null && documents.length === 1 && !/^---/m.test(text)) return [];
    return [new YamlReader(document, options, serializer).read(document.contents)];
  });
}

class YamlReader {
  readonly #document: Document;
  readonly #options: Readonly<SerializerOptions>;
  readonly #serializer: Serializer;
  readonly #tables = new Map<unknown, LuaTable>();

  constructor(document: Document, options: Readonly<SerializerOptions>, serializer: Serializer) {
    this.#document = document;
    this.#options = options;
    this.#serializer = serializer;
  }

  read(node: unknown): LuaValue {
    if (isPair(node)) return undefined;
    if (isAlias(node)) return this.#alias(node);
    if (isSeq(node)) {
      const table = this.#table(node);
      for (const item of node.items) table.set(table.length() + 1, this.read(item));
      return this.#marked(table, this.#serializer.arrayMetatable);
    }
    if (isMap(node)) {
      const table = this.#table(node);
      for (const { key, value } of node.items) {
        const name = this.read(key);
        if (name === undefined || Number.isNaN(name)) throw runtimeError('table index is NaN');
        table.set(name, this.read(value));
      }
      return this.#marked(table, this.#serializer.mapMetatable);
    }
    const value = isScalar(node) ? scalarValue(node) : '';
    if (typeof value === 'number' && !this.#options.decodeInvalidNumbers && !Number.isFinite(value)) {
      throw runtimeError('number must not be NaN or Inf');
    }
    return value;
  }

  #table(node: unknown): LuaTable {
    const table = new LuaTable();
    this.#tables.set(node, table);
    return table;
  }

  #marked(table: LuaTable, metatable: LuaTable): LuaTable {
    if (this.#options.decodeSaveMetatables) table.metatable = metatable;
    return table;
  }

  #alias(node: Node & { source: string; resolve: (document: Document) => unknown }): LuaValue {
    const target = node.resolve(this.#document);
    if (target === undefined) throw runtimeError(`invalid reference: ${node.source}`);
    return this.#tables.get(target) ?? this.read(target);
  }
}

function scalarValue(
  node: Readonly<{ value: unknown; tag?: string | undefined; type?: string | undefined; source?: string }>,
): LuaValue {
  const text = toByteText(typeof node.value === 'string' ? node.value : (node.source ?? ''));
  switch (node.tag) {
    case 'tag:yaml.org,2002:str':
      return text;
    case 'tag:yaml.org,2002:binary':
    case '!!binary':
      return decodeBase64(text);
    case 'tag:yaml.org,2002:int':
    case 'tag:yaml.org,2002:float':
      return plainValue(text);
    case 'tag:yaml.org,2002:bool':
      return text === 'true' || text === 'yes';
    default:
      return node.type === 'PLAIN' ? plainValue(text) : text;
  }
}

/** What a scalar without quotes means. */
function plainValue(text: string): LuaValue {
  switch (text) {
    case '~':
    case 'null':
      return NULL;
    case 'true':
    case 'yes':
      return true;
    case 'false':
    case 'no':
      return false;
    default:
      if (INTEGER.test(text)) return luaIntegerOf(BigInt(text.startsWith('+') ? text.slice(1) : text));
      return textToNumber(text) ?? text;
  }
}

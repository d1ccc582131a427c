/**
 * Tuple formats: what a space asks of its tuples. Checking one walks its bytes once and allocates nothing unless it fails.
 * A format never changes; altering a space makes a new one.
 */
import { boxError } from '../base/index.ts';
import {
  arrayLength,
  containerHeaderSize,
  KIND,
  kindAt,
  mapLength,
  payloadLength,
  payloadStart,
  skipValue,
} from '../codec/msgpack/index.ts';
import { fieldTypeContains, fieldTypeMask, maskAccepts } from './field-type.ts';
import {
  buildFormatTree,
  isNullableNode,
  nodeName,
  type FieldDefinition,
  type FormatNode,
  type FormatPlace,
} from './format-tree.ts';
import { lookupTokens, type JsonToken } from './json-path.ts';
import type { KeyDef } from './key-def.ts';

/** A field with all that checking needs to know. */
type CheckedField = Readonly<{
  node: FormatNode;
  mask: number;
  children: readonly CheckedField[];
  /** For an element `[*]`: what each element must have, as paths from the element. */
  requiredBelow: readonly RequiredPath[];
}>;
type RequiredPath = Readonly<{ node: FormatNode; tokens: readonly JsonToken[] }>;

export type TupleFormat = Readonly<{
  fields: readonly FieldDefinition[];
  /** Field numbers, from 0, by name. */
  fieldNumbers: ReadonlyMap<string, number>;
  /** 0: any number of fields. */
  exactFieldCount: number;
  /** A tuple with fewer fields is refused; the last required field's number and one. */
  minFieldCount: number;
  /** Where looking for what the format says of a path begins. */
  root: FormatPlace;
  checked: readonly CheckedField[];
  masks: Int32Array;
  /** By number of fields present: the first required field that is missing then, -1 for none. */
  missingAt: Int32Array;
  /** Values below top-level fields, outside of `[*]`, that must be there; in the order in which they are reported. */
  requiredPaths: readonly RequiredPath[];
  hasPaths: boolean;
}>;

export type TupleFormatOptions = Readonly<{
  fields: readonly FieldDefinition[];
  /** Of all indexes but functional ones. */
  keyDefs: readonly KeyDef[];
  exactFieldCount?: number;
}>;

/**
 * Builds a format. Throws SPACE_FIELD_IS_DUPLICATE (149), and for indexes that contradict the fields or each other
 * INDEX_PART_TYPE_MISMATCH (24), FORMAT_MISMATCH_INDEX_PART (27), ACTION_MISMATCH (162), MULTIKEY_INDEX_MISMATCH (194).
 */
export function createTupleFormat(options: TupleFormatOptions): TupleFormat {
  const { fields, keyDefs, exactFieldCount = 0 } = options;
  const fieldNumbers = new Map<string, number>();
  fields.forEach((field, fieldNo) => {
    if (fieldNumbers.has(field.name)) throw boxError('SPACE_FIELD_IS_DUPLICATE', field.name);
    fieldNumbers.set(field.name, fieldNo);
  });
  const roots = buildFormatTree(fields, keyDefs);
  const checked = roots.map(checkedField);
  const required = roots.map((node) => node.children.length === 0 && !isNullableNode(node));
  const missingAt = Int32Array.from({ length: roots.length + 1 }, (_, count) => required.indexOf(true, count));
  return {
    fields,
    fieldNumbers,
    exactFieldCount,
    minFieldCount: Math.max(required.lastIndexOf(true) + 1, minFieldCountOf(fields, keyDefs)),
    root: { type: 'array', children: roots },
    checked,
    masks: Int32Array.from(checked, (field) => field.mask),
    missingAt,
    requiredPaths: requiredIn(keyDefs, roots),
    hasPaths: roots.some((node) => node.children.length > 0),
  };
}

/** A format that accepts any array. */
export const ANY_TUPLE_FORMAT: TupleFormat = createTupleFormat({ fields: [], keyDefs: [] });

function minFieldCountOf(fields: readonly FieldDefinition[], keyDefs: readonly KeyDef[]): number {
  const numbers = [
    ...fields.map((field, index) => (field.isNullable ? 0 : index + 1)),
    ...keyDefs.flatMap(({ parts }) => parts.map((part) => (part.isNullable ? 0 : part.fieldNo + 1))),
  ];
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}

function checkedField(node: FormatNode): CheckedField {
  return {
    node,
    mask: fieldTypeMask(node.type, isNullableNode(node)),
    children: node.children.map(checkedField),
    requiredBelow: node.token.kind === 'any' ? requiredLeaves(node, []) : [],
  };
}

function requiredLeaves(node: FormatNode, tokens: readonly JsonToken[]): RequiredPath[] {
  if (node.children.length === 0) return isNullableNode(node) || tokens.length === 0 ? [] : [{ node, tokens }];
  return node.children.flatMap((child) =>
    child.token.kind === 'any' ? [] : requiredLeaves(child, [...tokens, child.token]),
  );
}

/** The required leaves outside of `[*]`, in the order in which the index parts first name them. */
function requiredIn(keyDefs: readonly KeyDef[], roots: readonly FormatNode[]): readonly RequiredPath[] {
  const all = roots.flatMap((root) => requiredLeaves(root, [root.token]).filter(({ node }) => node !== root));
  const order = keyDefs.flatMap(({ parts }) => parts).map((part) => nodeName(nodeOfPart(roots, part)));
  return all.sort((one, other) => order.indexOf(nodeName(one.node)) - order.indexOf(nodeName(other.node)));
}

function nodeOfPart(roots: readonly FormatNode[], part: KeyDef['parts'][number]): FormatNode {
  let node = roots[part.fieldNo]!;
  for (const token of part.path?.tokens ?? []) {
    node = node.children.find((child) => tokenKey(child.token) === tokenKey(token))!;
  }
  return node;
}

function tokenKey(token: JsonToken): string {
  if (token.kind === 'name') return `.${token.name}`;
  return token.kind === 'index' ? `${token.index}` : '*';
}

/**
 * Checks the tuple at `position`, valid MessagePack up to `end`. Throws TUPLE_NOT_ARRAY (22), EXACT_FIELD_COUNT (38),
 * FIELD_TYPE (23) or FIELD_MISSING (39).
 */
export function validateTuple(format: TupleFormat, bytes: Uint8Array, position: number, end: number): void {
  const count = position < end ? arrayLength(bytes, position) : -1;
  if (count < 0) throw boxError('TUPLE_NOT_ARRAY');
  if (format.exactFieldCount > 0 && count !== format.exactFieldCount) {
    throw boxError('EXACT_FIELD_COUNT', count, format.exactFieldCount);
  }
  const { masks } = format;
  const known = count < masks.length ? count : masks.length;
  let next = position + containerHeaderSize(bytes, position);
  for (let fieldNo = 0; fieldNo < known; fieldNo++) {
    if (!maskAccepts(masks[fieldNo]!, bytes, next)) throw typeError(format.checked[fieldNo]!.node);
    if (format.hasPaths) {
      const field = format.checked[fieldNo]!;
      if (field.children.length > 0) validateChildren(field, bytes, next);
    }
    next = skipValue(bytes, next);
  }
  const missing = known < masks.length ? format.missingAt[known]! : -1;
  if (missing >= 0) throw boxError('FIELD_MISSING', nodeName(format.checked[missing]!.node));
  if (format.requiredPaths.length > 0) checkRequired(format.requiredPaths, bytes, position);
}

function typeError(node: FormatNode): Error {
  return boxError('FIELD_TYPE', nodeName(node), node.type);
}

function checkRequired(required: readonly RequiredPath[], bytes: Uint8Array, position: number): void {
  for (let index = 0; index < required.length; index++) {
    const { tokens, node } = required[index]!;
    if (lookupTokens(bytes, position, tokens, 0, tokens.length, 0) < 0) {
      throw boxError('FIELD_MISSING', nodeName(node));
    }
  }
}

function validateValue(field: CheckedField, bytes: Uint8Array, position: number): void {
  if (!maskAccepts(field.mask, bytes, position)) throw typeError(field.node);
  if (field.children.length > 0) validateChildren(field, bytes, position);
}

/** Checks what the format knows below the array or map at `position`; the depth is that of the deepest path. */
function validateChildren(field: CheckedField, bytes: Uint8Array, position: number): void {
  if (field.node.type === 'map') validateMembers(field, bytes, position);
  else validateElements(field, bytes, position);
}

function validateMembers(field: CheckedField, bytes: Uint8Array, position: number): void {
  let next = position + containerHeaderSize(bytes, position);
  for (let left = mapLength(bytes, position); left > 0; left--) {
    const value = skipValue(bytes, next);
    const child = memberOf(field, bytes, next);
    if (child !== null) validateValue(child, bytes, value);
    next = skipValue(bytes, value);
  }
}

function memberOf(field: CheckedField, bytes: Uint8Array, keyPosition: number): CheckedField | null {
  if (kindAt(bytes, keyPosition) !== KIND.string) return null;
  const start = payloadStart(bytes, keyPosition);
  const length = payloadLength(bytes, keyPosition);
  for (let index = 0; index < field.children.length; index++) {
    const child = field.children[index]!;
    const { token } = child.node;
    if (token.kind !== 'name' || token.utf8.length !== length) continue;
    let same = 0;
    while (same < length && token.utf8[same] === bytes[start + same]) same++;
    if (same === length) return child;
  }
  return null;
}

function validateElements(field: CheckedField, bytes: Uint8Array, position: number): void {
  const count = arrayLength(bytes, position);
  let next = position + containerHeaderSize(bytes, position);
  for (let element = 0; element < count; element++) {
    for (let index = 0; index < field.children.length; index++) {
      const child = field.children[index]!;
      const { token } = child.node;
      if (token.kind === 'any') {
        validateValue(child, bytes, next);
        checkRequired(child.requiredBelow, bytes, next);
      } else if (token.kind === 'index' && token.index === element) {
        validateValue(child, bytes, next);
      }
    }
    next = skipValue(bytes, next);
  }
}

/**
 * Whether every tuple that fits `previous` fits `next` too, so that altering a space need not read its tuples: as
 * Tarantool decides it, by fields, never by data.
 */
export function formatAcceptsTuplesOf(next: TupleFormat, previous: TupleFormat): boolean {
  if (next.exactFieldCount !== previous.exactFieldCount) return false;
  return nodesAccept(
    next.checked.map((field) => field.node),
    previous.checked.map((field) => field.node),
  );
}

function nodesAccept(next: readonly FormatNode[], previous: readonly FormatNode[]): boolean {
  return next.every((node) => {
    const before = previous.find((other) => tokenKey(other.token) === tokenKey(node.token));
    if (before === undefined) {
      return node.type === 'any' && isNullableNode(node) && nodesAccept(node.children, []);
    }
    if (!fieldTypeContains(node.type, before.type)) return false;
    if (isNullableNode(before) && !isNullableNode(node)) return false;
    return nodesAccept(node.children, before.children);
  });
}

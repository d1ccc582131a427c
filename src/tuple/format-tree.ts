/**
 * The fields that a tuple format knows, as a tree: top-level fields and, where index parts have JSON paths, what lies
 * below them. Built from the space's field definitions and from the parts of its indexes; where they differ the stricter
 * rule holds, and where they exclude each other the build fails with Tarantool's codes 24, 27, 162 or 194.
 */
import { assert, boxError } from '../base/index.ts';
import { fieldTypeContains, type FieldType } from './field-type.ts';
import { sameJsonToken, type JsonToken } from './json-path.ts';
import type { KeyDef, KeyPart, NullableAction } from './key-def.ts';

/** A field of a space's format. Its number is its place in the list. */
export type FieldDefinition = Readonly<{
  name: string;
  type: FieldType;
  isNullable: boolean;
  nullableAction: NullableAction;
}>;

export type FormatNode = {
  readonly token: JsonToken;
  readonly parent: FormatNode | null;
  type: FieldType;
  nullableAction: NullableAction;
  isKeyPart: boolean;
  readonly children: FormatNode[];
};

/** A place that paths can go on from: a node, or the tuple itself. */
export type FormatPlace = Readonly<{ type: FieldType; children: readonly FormatNode[] }>;

/** What the format knows of the place that a token leads to; null if nothing. */
export function childPlace(place: FormatPlace | null, token: JsonToken): FormatNode | null {
  if (place === null) return null;
  const isIndex = token.kind === 'index';
  return (
    place.children.find((child) => sameJsonToken(child.token, token) || (isIndex && child.token.kind === 'any')) ?? null
  );
}

export function createNode(token: JsonToken, parent: FormatNode | null): FormatNode {
  return { token, parent, type: 'any', nullableAction: 'none', isKeyPart: false, children: [] };
}

export function isNullableNode(node: FormatNode): boolean {
  return node.nullableAction === 'none';
}

function hasAnyChild(node: FormatNode): boolean {
  return node.children[0]?.token.kind === 'any';
}

function tokenText(token: JsonToken): string {
  if (token.kind === 'name') return `["${token.name}"]`;
  return token.kind === 'index' ? `[${token.index + 1}]` : '[*]';
}

/** How messages name a field: by its number from 1, or by its path if it lies deeper. */
export function nodeName(node: FormatNode): string {
  if (node.parent === null) {
    assert(node.token.kind === 'index', 'a top-level field is known by number');
    return String(node.token.index + 1);
  }
  let text = '';
  for (let at: FormatNode | null = node; at !== null; at = at.parent) text = tokenText(at.token) + text;
  return text;
}

/** The nodes of the top-level fields, with those of the paths below them. */
export function buildFormatTree(fields: readonly FieldDefinition[], keyDefs: readonly KeyDef[]): readonly FormatNode[] {
  const parts = keyDefs.flatMap((definition) => definition.parts);
  const count = parts.reduce((most, part) => Math.max(most, part.fieldNo + 1), fields.length);
  const roots = Array.from({ length: count }, (_, index) => createNode({ kind: 'index', index }, null));
  fields.forEach((field, index) => {
    roots[index]!.type = field.type;
    roots[index]!.nullableAction = field.nullableAction;
  });
  for (const part of parts) usePart(roots[part.fieldNo]!, part, fields.length);
  return roots;
}

function usePart(root: FormatNode, part: KeyPart, definedFields: number): void {
  const node = addPath(root, part);
  if (part.fieldNo >= definedFields && !node.isKeyPart) node.nullableAction = part.nullableAction;
  mergeNullableAction(node, part);
  if (fieldTypeContains(node.type, part.type)) node.type = part.type;
  else if (!fieldTypeContains(part.type, node.type)) {
    const error = node.isKeyPart ? 'INDEX_PART_TYPE_MISMATCH' : 'FORMAT_MISMATCH_INDEX_PART';
    throw boxError(error, nodeName(node), node.type, part.type);
  }
  node.isKeyPart = true;
}

/** Of `default` and another action the other holds, save that `none` gives way: the stricter rule. */
function mergeNullableAction(node: FormatNode, part: KeyPart): void {
  const action = part.nullableAction;
  if (node.nullableAction === 'default') {
    if (action !== 'none' || part.path !== null) node.nullableAction = action;
  } else if (action === 'default') {
    if (node.nullableAction === 'none') node.nullableAction = action;
  } else if (node.nullableAction !== action) {
    throw boxError('ACTION_MISMATCH', nodeName(node), node.nullableAction, action);
  }
}

function addPath(root: FormatNode, part: KeyPart): FormatNode {
  let node = root;
  if (part.path === null) return node;
  for (const token of part.path.tokens) {
    becomeContainer(node, token);
    let next = node.children.find((child) => sameJsonToken(child.token, token));
    if (next === undefined) {
      next = createNode(token, node);
      node.children.push(next);
    }
    forbidNil(node);
    node.isKeyPart = true;
    node = next;
  }
  forbidNil(node);
  return node;
}

function becomeContainer(node: FormatNode, token: JsonToken): void {
  const type: FieldType = token.kind === 'name' ? 'map' : 'array';
  if (!fieldTypeContains(node.type, type)) {
    throw boxError('INDEX_PART_TYPE_MISMATCH', nodeName(node), node.type, type);
  }
  node.type = type;
  if (node.children.length > 0 && (token.kind === 'any') !== hasAnyChild(node)) {
    throw boxError('MULTIKEY_INDEX_MISMATCH', nodeName(node));
  }
}

/** A container on the way to an indexed value may be absent, but not nil. */
function forbidNil(node: FormatNode): void {
  if ((node.type === 'array' || node.type === 'map') && isNullableNode(node)) node.nullableAction = 'default';
}

export * from './comparator.ts';
export * from './field-type.ts';
export type { FieldDefinition } from './format-tree.ts';
export * from './format.ts';
export * from './json-path.ts';
export * from './key-def.ts';
export { compareNumbers } from './number-compare.ts';
export * from './update.ts';

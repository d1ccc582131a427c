export * from './assert.ts';
export * from './bounded-queue.ts';
export * from './brand.ts';
export * from './byte-text.ts';
export * from './byte-writer.ts';
export * from './errors/box-error.ts';
export { ERROR_TABLE, type ErrorName } from './errors/table.ts';
export * from './random.ts';
export * from './version.ts';

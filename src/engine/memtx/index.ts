export * from './space.ts';
export { BulkFill } from './bulk-fill.ts';

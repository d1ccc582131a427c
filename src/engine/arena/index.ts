export * from './arena.ts';
export { CELL_BYTES_MAX } from './size-classes.ts';
export * from './read-views.ts';
export * from './tuple-cells.ts';

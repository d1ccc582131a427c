export * from './limbo.ts';
export * from './messages.ts';
export { INITIAL_TERM } from './ownership.ts';
export * from './quorum.ts';

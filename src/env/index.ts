export * from './command-line.ts';
export * from './crypto.ts';
export * from './ports.ts';
export { Logger } from './logger.ts';

export * from './ports.ts';
export { Logger } from './logger.ts';

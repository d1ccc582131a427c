export * from './limits.ts';
export * from './options.ts';

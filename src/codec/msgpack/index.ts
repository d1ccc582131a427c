export * from './extensions.ts';
export * from './numbers.ts';
export * from './skip.ts';
export * from './values.ts';

export { Console, type ConsoleOptions } from './console.ts';
export { formatFailure, formatResult } from './yaml.ts';

export { Console, type ConsoleOptions } from './console.ts';
export { JavaScriptLanguage, type JavaScriptOptions } from './javascript-language.ts';
export type { ConsoleLanguage } from './language.ts';
export { formatFailure, formatResult } from './yaml.ts';

export { Console, type ConsoleOptions } from './console.ts';
export { JavaScriptLanguage, type JavaScriptOptions } from './javascript-language.ts';
export type { ConsoleLanguage } from './language.ts';
export { LuaLanguage } from './lua-language.ts';
export { RemoteLanguage } from './remote-language.ts';
export { TextDoor, type TextDoorHost } from './text-door.ts';
export { formatFailure, formatResult } from './yaml.ts';

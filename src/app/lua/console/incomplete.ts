/** Whether a text typed so far is the beginning of a Lua expression or program that more lines could complete. */
import { LuaSyntaxError } from '../compiler/lexer.ts';
import { parseChunk } from '../compiler/parser.ts';

const AT_THE_END = /near '<eof>'$/;

export function isIncompleteLua(text: string): boolean {
  const program = problemOf(text);
  const expression = problemOf(`return ${text}`);
  if (program === null || expression === null) return false;
  return AT_THE_END.test(program) || AT_THE_END.test(expression);
}

function problemOf(text: string): string | null {
  try {
    parseChunk(text, '');
    return null;
  } catch (error) {
    if (error instanceof LuaSyntaxError) return error.message;
    throw error;
  }
}

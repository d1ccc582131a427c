/** JavaScript of users: modules through Node's own loader, and texts in a context of their own. */
import * as nodePath from 'node:path';
import { pathToFileURL } from 'node:url';
import * as vm from 'node:vm';
import type { ScriptContext, Scripts } from '../index.ts';

const RETURN = 'return ';
/** How errors name the text. */
const TEXT_NAME = 'console';
/** What could end a text of which V8 does not say that its end was unexpected. */
const CLOSINGS = ['\n)', '\n*/', '}`'] as const;
const CLOSINGS_MAX = 16;
const UNEXPECTED_END = 'Unexpected end of input';

export function createScripts(): Scripts {
  return {
    async importModule(path) {
      const address = pathToFileURL(nodePath.resolve(path)).href;
      const module: unknown = await import(/* @vite-ignore */ address);
      return module as Readonly<Record<string, unknown>>;
    },
    // A `vm.Script` would keep what it has compiled for ever.
    compile: (source, name) =>
      vm.compileFunction(RETURN + source, [], { filename: name, columnOffset: -RETURN.length })() as unknown,
    createContext,
  };
}

function createContext(globals: Readonly<Record<string, unknown>>): ScriptContext {
  const context = vm.createContext({ ...globals });
  return {
    isIncomplete,
    isValid: (text) => syntaxProblem(text) === null,
    evaluate(text): unknown {
      return new vm.Script(text, { filename: TEXT_NAME }).runInContext(context, { breakOnSigint: true });
    },
  };
}

function isIncomplete(text: string): boolean {
  const problem = syntaxProblem(text);
  if (problem === null || problem === UNEXPECTED_END) return problem !== null;
  return CLOSINGS.some((closing) => isEndedBy(text, closing, problem));
}

/** Whether so many closings, and not fewer, change what is wrong with the text to nothing or to its end. */
function isEndedBy(text: string, closing: string, firstProblem: string): boolean {
  let closed = text;
  for (let count = 0; count < CLOSINGS_MAX; count++) {
    closed += closing;
    const problem = syntaxProblem(closed);
    if (problem === null || problem === UNEXPECTED_END) return true;
    if (problem !== firstProblem) return false;
  }
  return false;
}

function syntaxProblem(text: string): string | null {
  try {
    new vm.Script(text, { filename: TEXT_NAME });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

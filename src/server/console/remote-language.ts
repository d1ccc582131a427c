/** A console of another process: texts are sent there, answers come back as they are to be printed. */
import { toByteText } from '../../base/index.ts';
import { isIncompleteLua } from '../../app/lua/index.ts';
import type { Completion } from '../../env/index.ts';
import type { ConsoleLanguage } from './language.ts';

/** Where texts are evaluated; both sides are UTF-8 text. */
export interface RemoteEvaluator {
  /** Rejects when the connection is lost. */
  evaluate(text: string): Promise<string>;
  close(): void;
}

const QUIT = /^\\q(?:uit)?\s*;?$/;

export class RemoteLanguage implements ConsoleLanguage {
  readonly #evaluator: RemoteEvaluator;

  constructor(evaluator: RemoteEvaluator) {
    this.#evaluator = evaluator;
  }

  isIncomplete(text: string): boolean {
    return !text.startsWith('\\') && isIncompleteLua(toByteText(text));
  }

  async evaluate(text: string): Promise<string | null> {
    return QUIT.test(text) ? null : this.#evaluator.evaluate(text);
  }

  complete(): Completion {
    return { prefix: '', words: [] };
  }

  close(): void {
    this.#evaluator.close();
  }
}

/** A language that a console speaks. */
import type { Completion } from '../../env/index.ts';

export interface ConsoleLanguage {
  /** Whether more lines could make a program of the text. */
  isIncomplete(text: string): boolean;
  /**
   * Runs the text, or a command that begins with a backslash, and gives the answer as it is printed; null when the
   * console is to end. Rejects only if the instance cannot go on.
   */
  evaluate(text: string): Promise<string | null>;
  complete(line: string): Completion;
  close(): void;
}

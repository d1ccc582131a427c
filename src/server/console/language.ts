/** A language that a console speaks. */
import type { ConsoleAnswer } from '../../app/lua/index.ts';
import type { Completion } from '../../env/index.ts';

export interface ConsoleLanguage {
  /** Where texts run, if that is not where the console is. */
  readonly place: string | null;
  /** Before the first text; whether the console goes on. Rejects with what a program's hook throws. */
  start(): Promise<boolean>;
  /** Whether more lines could make a program of the text. */
  isIncomplete(text: string): boolean;
  /**
   * Runs the text, or a command that begins with a backslash, and gives the answer as it is printed. Rejects only if the
   * instance cannot go on.
   */
  evaluate(text: string): Promise<ConsoleAnswer>;
  /** Nothing fails that is only about words to complete. */
  complete(line: string): Completion | Promise<Completion>;
  /** The person ends the input: whether that was the end of a connection to another place only. */
  leave(): Promise<boolean>;
  close(): void;
}

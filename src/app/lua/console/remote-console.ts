/**
 * A console of another process: texts go there, answers come back as they are to be printed. Texts are bytes as
 * characters.
 */
export interface RemoteConsole {
  /** False once the connection is lost. */
  readonly isOpen: boolean;
  /** Null for what has no answer. Rejects when the connection is lost. */
  evaluate(text: string): Promise<string | null>;
  /** Words that could stand in place of this one. Rejects when the connection is lost. */
  complete(word: string): Promise<readonly string[]>;
  close(): void;
}

/** Ports of commands: the terminal, and the process as it was called. */

/** Standard input, output and error of a command. */
export interface Terminal {
  /** A person is there: input and output are a terminal. */
  readonly isInteractive: boolean;
  /** Errors go to a screen, whose last line can be written anew. */
  readonly isErrorScreen: boolean;
  /** Characters of a line on the screen that output goes to; null if it goes elsewhere. */
  readonly screenColumns: number | null;
  writeOutput(text: string): void;
  writeError(text: string): void;
  /** Line editing with a history; at most one at a time. `complete` is asked with the line up to the cursor. */
  openLineEditor(complete: (text: string) => Completion | Promise<Completion>): LineEditor;
}

/** `prefix` is what ends the line now, `words` what could stand in its place. */
export type Completion = Readonly<{ prefix: string; words: readonly string[] }>;

export type LineEvent =
  | Readonly<{ kind: 'line'; text: string }>
  /** Ctrl-C; what was typed is dropped. */
  | Readonly<{ kind: 'interrupt'; hadText: boolean }>
  /** Ctrl-D, or there is no input any more. */
  | Readonly<{ kind: 'end' }>;

export interface LineEditor {
  /** Shows the prompt and waits for a line. One call at a time. After `close` it resolves with `end`. */
  read(prompt: string): Promise<LineEvent>;
  close(): void;
}

/** The process as its command sees it: what it was called with, and its end. Commands only. */
export interface CommandLine {
  /** Words behind the program's name. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The command that runs Lua scripts, by its path. */
  readonly scriptProgram: string;
  /** As `v20.19.2`. */
  readonly nodeVersion: string;
  readonly terminal: Terminal;
  /** Bytes to standard output, or to standard error, at once. */
  writeBytes(bytes: Uint8Array): void;
  writeErrorBytes(bytes: Uint8Array): void;
  /** All of standard input. */
  readInput(): Promise<Uint8Array>;
  /** Relative paths begin there from now on. Throws FileError. */
  changeDirectory(path: string): void;
  /** This process was started by `respawnInBackground`. */
  readonly isBackground: boolean;
  /**
   * Starts the same command anew, without a terminal and with its output at the end of the file; it goes on when this
   * process ends. Throws FileError if the file cannot be opened.
   */
  respawnInBackground(outputPath: string): void;
  /** An error that nobody caught; there may be several. The process does not end by itself then. */
  onUncaughtError(handler: (error: unknown) => void): void;
  /** Ends the process at once. */
  exit(code: number): never;
}

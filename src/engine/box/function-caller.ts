/**
 * Functions that are written in a language of their own: what CALL and EVAL run when no procedure has the name. The
 * application's layer fills the port; without it such requests are refused.
 */
import type { BoxError, ByteWriter } from '../../base/index.ts';
import type { Session } from './session.ts';

/**
 * Values of a reply: `write` appends MessagePack values and returns their number. With `areTuples`, as the old CALL has
 * it, each value that is no array becomes one. Throws BoxError for a value that has no such form.
 */
export type FunctionResults = Readonly<{ write: (output: ByteWriter, areTuples: boolean) => number }>;

export type FunctionOutcome = Readonly<{ results: FunctionResults }> | Readonly<{ error: BoxError }>;

/** Told once: before the call returns, or in a later turn. */
export type FunctionSettled = (outcome: FunctionOutcome) => void;

/** The request behind a call, as code that runs for it sees it. */
export interface RequestDoor {
  /** Its number, which the client has chosen. */
  readonly sync: number | bigint;
  /** Sends a message ahead of the answer. Throws SESSION_CLOSED (86), and what cannot be written. */
  push(message: FunctionResults): void;
}

export interface FunctionCaller {
  /**
   * Calls the global or stored function of the name with the session's rights, which have been checked. The arguments are
   * the MessagePack array at `position`, or none if it is below zero; they are read before the call returns.
   */
  call(
    session: Session,
    name: string,
    bytes: Uint8Array,
    position: number,
    settled: FunctionSettled,
    door: RequestDoor | null,
  ): void;
  /** Runs the text of a program; its arguments are `...`. */
  evaluate(
    session: Session,
    text: string,
    bytes: Uint8Array,
    position: number,
    settled: FunctionSettled,
    door: RequestDoor | null,
  ): void;
}

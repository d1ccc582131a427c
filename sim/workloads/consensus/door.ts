/** What a client sees of a member, and how its requests end. */
import { BoxError, ERROR_TABLE } from '../../../src/base/index.ts';
import type { Timers } from '../../../src/env/index.ts';
import { EXPELLED, type MemberConsensus, REFUSED } from './contract.ts';

export interface Door {
  readonly name: string;
  /** null while nobody is there. */
  session(): Session | null;
}

/** One life of a member. */
export type Session = Readonly<{
  consensus: MemberConsensus;
  /** The value of a property as it is here and now; null: there is none. */
  property: (key: string) => string | null;
  /** Resolves when the member is gone: what it was asked for is answered no more. */
  ended: Promise<void>;
}>;

export type Outcome<Result> =
  | Readonly<{ kind: 'done'; result: Result }>
  | Readonly<{ kind: 'refused'; code: number }>
  | Readonly<{ kind: 'unknown' }>;

const REFUSAL_CODES: ReadonlySet<number> = new Set(Object.values(REFUSED));
const UNKNOWN_CODES: ReadonlySet<number> = new Set([
  ERROR_TABLE.TIMEOUT.code,
  ERROR_TABLE.NO_CONNECTION.code,
  // The member's own log has failed; others may have what it proposed.
  ERROR_TABLE.WAL_IO.code,
  // The group believes in another directory; who has proposed it may have led before.
  EXPELLED,
]);

/** How the request ends within this time. Rejects with what no request may end with. */
export async function outcomeOf<Result>(
  timers: Timers,
  session: Session,
  patienceMs: number,
  request: (consensus: MemberConsensus) => Promise<Result>,
): Promise<Outcome<Result>> {
  let giveUp: () => void = () => undefined;
  const givenUp = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  const timer = timers.after(patienceMs, giveUp);
  const gone = async (): Promise<Outcome<Result>> => {
    await Promise.race([session.ended, givenUp]);
    return { kind: 'unknown' };
  };
  try {
    return await Promise.race([answerOf(request(session.consensus)), gone()]);
  } finally {
    timer.cancel();
    giveUp();
  }
}

async function answerOf<Result>(answer: Promise<Result>): Promise<Outcome<Result>> {
  try {
    return { kind: 'done', result: await answer };
  } catch (error) {
    if (!(error instanceof BoxError)) throw error;
    if (REFUSAL_CODES.has(error.code)) return { kind: 'refused', code: error.code };
    if (UNKNOWN_CODES.has(error.code)) return { kind: 'unknown' };
    throw error;
  }
}

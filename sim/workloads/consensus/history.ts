/** What clients have asked for and what they were told, for the checker of linearizability. */
import type { RegisterInput, RegisterOperation, RegisterOutput } from '../../checkers/register-model.ts';

type Begun = { readonly operation: Omit<RegisterOperation, 'answer'>; answer: RegisterOperation['answer'] };

export class History {
  readonly #begun = new Set<Begun>();
  readonly #nextMoment: () => number;

  /** `nextMoment` orders all calls and answers. */
  constructor(nextMoment: () => number) {
    this.#nextMoment = nextMoment;
  }

  /** All so far; what has no answer yet may have any. */
  operations(): readonly RegisterOperation[] {
    return [...this.#begun].map(({ operation, answer }) => ({ ...operation, answer }));
  }

  /** Operations of one request, each on a key of its own. */
  begin(client: string, parts: readonly Readonly<{ key: string; input: RegisterInput }>[]): OpenRequest {
    const calledAt = this.#nextMoment();
    const begun = parts.map((part): Begun => ({ operation: { client, calledAt, ...part }, answer: null }));
    for (const each of begun) this.#begun.add(each);
    return {
      answered: (output) => {
        const at = this.#nextMoment();
        for (const each of begun) each.answer = { output, at };
      },
      refused: () => {
        for (const each of begun) this.#begun.delete(each);
      },
    };
  }
}

/** A request without either has an unknown outcome. */
export type OpenRequest = Readonly<{
  answered: (output: RegisterOutput) => void;
  /** It has no effect and never will. */
  refused: () => void;
}>;

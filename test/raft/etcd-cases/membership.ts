/** The commands of the membership cases: one configuration after the other, and what the leader knows of its members. */
import { changeMembership, type ChangeOutcome } from '../../../src/raft/membership/change.ts';
import { type MembershipChange } from '../../../src/raft/index.ts';
import { Tracker } from '../../../src/raft/progress/tracker.ts';
import { parseChanges } from './commands.ts';
import { flag, type Step } from './data-driven.ts';
import { describeMembership, describeProgress } from './notation.ts';

const REASONS: Readonly<Record<string, string>> = {
  'no voter would be left': 'removed all voters',
  'the configuration is joint already': 'config is already joint',
  'the configuration is not joint': "can't leave a non-joint config",
  'a configuration without voters cannot become joint': "can't make a zero-voter config joint",
  'the configuration is joint and has to be left first': "can't apply simple config change in joint config",
};

export class MembershipPlayer {
  readonly #tracker = new Tracker({ countMax: 10, bytesMax: Infinity });

  /** The log has an entry for each command of before. */
  play(step: Step, lastIndex: number): readonly string[] {
    const outcome = this.#change(step);
    if (outcome.kind === 'refused') return [REASONS[outcome.reason] ?? outcome.reason];
    this.#tracker.reconfigure(outcome.membership, lastIndex);
    const members = [...this.#tracker.members].map(([id, progress]) => `${id}: ${describeProgress(progress)}`);
    return [describeMembership(outcome.membership), ...members];
  }

  #change({ command, args, input }: Step): ChangeOutcome {
    const { membership } = this.#tracker;
    // Ids are positive.
    const changes = parseChanges(input).filter(({ id }) => id > 0);
    const context = new Uint8Array(0);
    if (command === 'leave-joint') return changeMembership(membership, { transition: 'auto', changes: [], context });
    if (command === 'enter-joint') {
      const transition = flag(args, 'autoleave') ? 'implicit' : 'explicit';
      return changeMembership(membership, { transition, changes, context });
    }
    // Several changes at once are always joint here, so they are made one after the other, all or none.
    let outcome: ChangeOutcome = { kind: 'changed', membership };
    for (const change of changes) {
      if (outcome.kind === 'refused') break;
      const single: MembershipChange = { transition: 'auto', changes: [change], context };
      outcome = changeMembership(outcome.membership, single);
    }
    return outcome;
  }
}

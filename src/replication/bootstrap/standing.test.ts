import { describe, expect, it } from 'vitest';
import type { Ballot } from '../../codec/iproto/index.ts';
import type { Vclock } from '../../codec/xlog/index.ts';
import { standingOf } from './standing.ts';

const OWN = 'own';

/** A server that has the log from `gcVclock` to `vclock`. */
function server(uuid: string, gcVclock: Vclock, vclock: Vclock, isBooted: boolean | null = true) {
  const ballot: Ballot = {
    isReadOnlyConfigured: false,
    isReadOnly: false,
    vclock,
    gcVclock,
    isAnonymous: null,
    isBooted,
    canLead: null,
  };
  return { uuid, ballot };
}

const STATE: Vclock = [7, 10, 5];

function standing(...servers: readonly ReturnType<typeof server>[]): [string, string[]] {
  const { kind, sources } = standingOf(STATE, OWN, servers);
  return [kind, sources.map(({ uuid }) => uuid)];
}

describe('a server with data', () => {
  it('can follow as soon as one master has the log behind its state', () => {
    expect(standing(server('a', [], [0, 20, 9]))).toEqual(['canFollow', ['a']]);
    expect(standing(server('a', [0, 10, 5], [0, 20, 9]))).toEqual(['canFollow', ['a']]);
    expect(standing(server('a', [0, 10, 6], [0, 20, 9]), server('b', [0, 9, 5], [0, 20, 9]))[0]).toBe('canFollow');
    // An older version does not say whether it has data.
    expect(standing(server('a', [0, 10, 5], [0, 20, 9], null))[0]).toBe('canFollow');
  });

  it('is left behind when none has it, for the rows of whomever', () => {
    expect(standing(server('a', [0, 11, 5], [0, 20, 9]))).toEqual(['leftBehind', ['a']]);
    expect(standing(server('a', [0, 10, 6], [0, 20, 9], null))).toEqual(['leftBehind', ['a']]);
    expect(standing(server('a', [0, 10, 5, 1], [0, 20, 9, 4]))).toEqual(['leftBehind', ['a']]);
  });

  it('gets its data only from those that have every row of it; local rows do not count', () => {
    const lacking = server('a', [0, 11, 0], [0, 20, 4]);
    expect(standing(lacking)).toEqual(['leftBehind', []]);
    expect(standing(lacking, server('b', [0, 11], [0, 20, 5]))).toEqual(['leftBehind', ['b']]);
    expect(standing(server('a', [9, 11], [0, 20, 5]))).toEqual(['leftBehind', ['a']]);
  });

  it('does not know while nobody but itself, or who has no data, has answered', () => {
    expect(standing()).toEqual(['unknown', []]);
    expect(standing(server(OWN, [], []), server('a', [], [], false))).toEqual(['unknown', []]);
    expect(standing(server(OWN, [], []), server('a', [0, 11], [0, 20, 5]))).toEqual(['leftBehind', ['a']]);
  });
});

import { describe, expect, it } from 'vitest';
import { sequenceId, userId } from '../../base/index.ts';
import type { SequenceDefinition } from './definitions/sequence-definition.ts';
import { Sequence } from './sequence.ts';

const INT64_MAX = 9223372036854775807n;

function sequence(options: Partial<SequenceDefinition>): Sequence {
  const id = sequenceId(1);
  const ownerId = userId(1);
  const defaults = { id, ownerId, name: 's', step: 1n, min: 1n, max: INT64_MAX, start: 1n, isCyclic: false };
  return new Sequence({ ...defaults, ...options });
}

/** Values that it gives, as far as it gives any. */
function values(source: Sequence, count: number): (bigint | string)[] {
  const given: (bigint | string)[] = [];
  while (given.length < count) {
    try {
      given.push(source.next());
    } catch (error) {
      given.push((error as Error).message);
    }
  }
  return given;
}

const OVERFLOW = "Sequence 's' has overflowed";

describe('a sequence', () => {
  it.each([
    ['counts', {}, [1n, 2n, 3n]],
    ['starts again at its other end', { start: 5n, step: 2n, max: 9n, isCyclic: true }, [5n, 7n, 9n, 1n]],
    ['ends', { start: 2n, max: 3n }, [2n, 3n, OVERFLOW, OVERFLOW]],
    ['counts down', { min: -4n, max: -1n, start: -1n, step: -2n }, [-1n, -3n, OVERFLOW]],
    ['starts again downwards', { min: -4n, max: -1n, start: -2n, step: -2n, isCyclic: true }, [-2n, -4n, -1n, -3n]],
    [
      'takes steps beyond 64 bits for an end',
      { min: 0n, start: INT64_MAX - 1n, step: INT64_MAX },
      [INT64_MAX - 1n, OVERFLOW],
    ],
    ['reaches the last value', { start: INT64_MAX - 1n }, [INT64_MAX - 1n, INT64_MAX, OVERFLOW]],
  ] as const)('%s', (_, options, expected) => {
    expect(values(sequence(options), expected.length)).toEqual(expected);
  });

  it('goes on behind values that others chose, and begins at its end if they lie before it', () => {
    const up = sequence({ min: 10n, start: 20n, max: 100n });
    expect(() => up.current()).toThrow("Sequence 's' is not started");
    up.advanceTo(3n);
    expect(values(up, 2)).toEqual([10n, 11n]);
    up.advanceTo(50n);
    up.advanceTo(40n);
    expect(values(up, 1)).toEqual([51n]);
    up.advanceTo(500n);
    expect(values(up, 1)).toEqual([OVERFLOW]);
    const down = sequence({ step: -1n, min: -10n, max: -1n, start: -1n });
    down.advanceTo(-5n);
    down.advanceTo(-3n);
    expect(values(down, 2)).toEqual([-6n, -7n]);
  });
});

/**
 * Lua: programs print here what they print on a real Tarantool, and texts with mistakes are refused with the same words.
 * Programs run in batches, because a process of the peer takes longer to start than to run them.
 */
import type { SeededRandom } from '../../src/base/index.ts';
import { type Mode, hasPeer, runHere, runOnPeer } from '../lua/peer.ts';
import { randomProgram } from '../lua/program.ts';
import { type FuzzTarget, Finding } from '../target.ts';

const BATCH = 250;

export const LUA_PROGRAMS = luaTarget('lua', 'run', { smokeCases: 500, longCases: 100_000 }, randomProgram);

export const LUA_SYNTAX = luaTarget('lua-syntax', 'load', { smokeCases: 1000, longCases: 200_000 }, (random) =>
  withMistakes(randomProgram(random), random),
);

function luaTarget(
  name: string,
  mode: Mode,
  counts: Pick<FuzzTarget, 'smokeCases' | 'longCases'>,
  draw: (random: SeededRandom) => string,
): FuzzTarget {
  return {
    name,
    ...counts,
    run: async (random, cases, onCase) => {
      if (!hasPeer()) {
        console.log(`${name}: skipped, there is no tarantool on this machine`);
        return;
      }
      for (let first = 0; first < cases; first += BATCH) {
        const programs = Array.from({ length: Math.min(BATCH, cases - first) }, () => draw(random));
        onCase(first);
        const expected = runOnPeer(programs, mode);
        const actual = await runHere(programs, mode);
        programs.forEach((program, at) => {
          if (expected[at] === null || expected[at] === actual[at]) return;
          onCase(first + at);
          throw new Finding(`${program}\n--- printed here:\n${actual[at]}\n--- printed there:\n${expected[at]}\n`);
        });
      }
    },
  };
}

const PIECES = [
  ...['end', 'do', 'then', 'else', 'function', 'local', 'return', 'break', 'goto', 'until', 'repeat', 'in', 'nil'],
  ...['(', ')', '{', '}', '[', ']', '[[', ']]', '[=[', '=', '==', '~', '~=', ',', ';', ':', '::', '.', '..', '...'],
  ...['"', "'", '\\', '\n', '--', '--[[', '0x', '1e', '5LL', '#', '%', '@', '\0', '\xff', '::a::', 'goto a', 'x', '1'],
] as const;

/** The text with some tokens or bytes taken out, put in or doubled. */
function withMistakes(program: string, random: SeededRandom): string {
  let text = program;
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(text.length + 1);
    const length = random.below(4);
    switch (random.below(4)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + length);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(at, at + length) + text.slice(at);
        break;
      case 2:
        text = text.slice(0, at);
        break;
      default:
        text = text.slice(0, at) + random.pick(PIECES) + text.slice(at + (random.chance(0.5) ? length : 0));
    }
  }
  return text;
}

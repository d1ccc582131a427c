/** Words that could stand at the end of a line: globals, names of spaces, and what a space can do. */
import type { LocalApi } from '../../app/procedures/index.ts';
import type { Completion } from '../../env/index.ts';

const SPACE_NAME = /\bspace\((['"])([^'"]*)$/;
const SPACE_MEMBER = /\bspace\((['"])([^'"]*)\1\)\.(\w*)$/;
const WORD = /(?:^|[^\w.'"])([\\\w]*)$/;

/** `words` are the globals, `spaceNames` those of the spaces that are there. */
export function completeLine(
  line: string,
  api: LocalApi,
  words: readonly string[],
  spaceNames: () => readonly string[],
): Completion {
  const member = SPACE_MEMBER.exec(line);
  if (member !== null) return matching(member[3] ?? '', spaceMembers(api, member[2] ?? ''));
  const name = SPACE_NAME.exec(line);
  if (name !== null) return matching(name[2] ?? '', spaceNames());
  return matching(WORD.exec(line)?.[1] ?? null, words);
}

function matching(prefix: string | null, words: readonly string[]): Completion {
  if (prefix === null) return { prefix: '', words: [] };
  return { prefix, words: words.filter((word) => word.startsWith(prefix)).sort() };
}

function spaceMembers(api: LocalApi, name: string): readonly string[] {
  try {
    const prototype: object = Object.getPrototypeOf(api.space(name)) as object;
    return Object.getOwnPropertyNames(prototype).filter((member) => member !== 'constructor');
  } catch {
    // A space that is not there can do nothing.
    return [];
  }
}

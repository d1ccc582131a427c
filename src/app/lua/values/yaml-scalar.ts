/**
 * How a text can be written in YAML. The rules are those of libyaml 0.2, which Tarantool prints with: what looks like
 * markup, a line break at an edge or a character that is not printable forbids a style.
 */

export type ScalarAnalysis = Readonly<{
  isMultiline: boolean;
  isFlowPlainAllowed: boolean;
  isBlockPlainAllowed: boolean;
  isSingleQuotedAllowed: boolean;
  isBlockAllowed: boolean;
}>;

const EMPTY: ScalarAnalysis = {
  isMultiline: false,
  isFlowPlainAllowed: false,
  isBlockPlainAllowed: true,
  isSingleQuotedAllowed: true,
  isBlockAllowed: false,
};
const PLAIN: ScalarAnalysis = {
  isMultiline: false,
  isFlowPlainAllowed: true,
  isBlockPlainAllowed: true,
  isSingleQuotedAllowed: true,
  isBlockAllowed: true,
};
/** Texts that need no closer look. */
const WORD = /^[A-Za-z0-9_/.(][A-Za-z0-9_/.]*$/;

const FIRST_INDICATORS = '#,[]{}&*!|>\'"%@`';
const FLOW_INDICATORS = ',?[]{}';
const BREAKS = '\r\n\u0085\u2028\u2029';

export function isBreak(character: string | undefined): boolean {
  return character !== undefined && BREAKS.includes(character);
}

function isBlankOrEnd(character: string | undefined): boolean {
  return character === undefined || character === ' ' || character === '\t' || character === '\0' || isBreak(character);
}

/** Of a character of the basic plane; the emitter escapes all others. */
export function isPrintable(character: string): boolean {
  const code = character.codePointAt(0)!;
  if (code === 0x0a || (code >= 0x20 && code <= 0x7e)) return true;
  if (code < 0xa0 || code > 0xffff) return false;
  return (code < 0xd800 || code > 0xdfff) && code !== 0xfeff && code !== 0xfffe && code !== 0xffff;
}

type Findings = {
  hasFlowIndicators: boolean;
  hasBlockIndicators: boolean;
  hasBreaks: boolean;
  hasSpecial: boolean;
  hasEdgeSpace: boolean;
  hasTrailingSpace: boolean;
  hasSpaceAfterBreak: boolean;
  hasBreakAfterSpace: boolean;
};

export function analyzeScalar(text: string): ScalarAnalysis {
  if (text === '') return EMPTY;
  if (WORD.test(text) && !text.startsWith('...')) return PLAIN;
  const found = findingsIn([...text]);
  if (text.startsWith('---') || text.startsWith('...')) {
    found.hasFlowIndicators = true;
    found.hasBlockIndicators = true;
  }
  const isForbidden = found.hasBreakAfterSpace || found.hasSpecial;
  const isPlain = !isForbidden && !found.hasEdgeSpace && !found.hasSpaceAfterBreak && !found.hasBreaks;
  return {
    isMultiline: found.hasBreaks,
    isFlowPlainAllowed: isPlain && !found.hasFlowIndicators,
    isBlockPlainAllowed: isPlain && !found.hasBlockIndicators,
    isSingleQuotedAllowed: !isForbidden && !found.hasSpaceAfterBreak,
    isBlockAllowed: !isForbidden && !found.hasTrailingSpace,
  };
}

function findingsIn(characters: readonly string[]): Findings {
  const found: Findings = {
    hasFlowIndicators: false,
    hasBlockIndicators: false,
    hasBreaks: false,
    hasSpecial: false,
    hasEdgeSpace: false,
    hasTrailingSpace: false,
    hasSpaceAfterBreak: false,
    hasBreakAfterSpace: false,
  };
  characters.forEach((character, index) => {
    noteIndicators(found, characters, index);
    if (!isPrintable(character)) found.hasSpecial = true;
    const isEdge = index === 0 || index === characters.length - 1;
    const before = characters[index - 1];
    if (isBreak(character)) {
      found.hasBreaks = true;
      if (isEdge) found.hasEdgeSpace = true;
      if (before === ' ') found.hasBreakAfterSpace = true;
    } else if (character === ' ') {
      if (isEdge) found.hasEdgeSpace = true;
      if (index === characters.length - 1) found.hasTrailingSpace = true;
      if (isBreak(before)) found.hasSpaceAfterBreak = true;
    }
  });
  return found;
}

function noteIndicators(found: Findings, characters: readonly string[], index: number): void {
  const character = characters[index]!;
  const isFollowedByBlank = isBlankOrEnd(characters[index + 1]);
  if (index === 0) {
    if (FIRST_INDICATORS.includes(character)) {
      found.hasFlowIndicators = true;
      found.hasBlockIndicators = true;
    } else if (character === '?' || character === ':') {
      found.hasFlowIndicators = true;
      if (isFollowedByBlank) found.hasBlockIndicators = true;
    } else if (character === '-' && isFollowedByBlank) {
      found.hasFlowIndicators = true;
      found.hasBlockIndicators = true;
    }
  } else if (FLOW_INDICATORS.includes(character)) {
    found.hasFlowIndicators = true;
  } else if (character === ':') {
    found.hasFlowIndicators = true;
    if (isFollowedByBlank) found.hasBlockIndicators = true;
  } else if (character === '#' && isBlankOrEnd(characters[index - 1])) {
    found.hasFlowIndicators = true;
    found.hasBlockIndicators = true;
  }
}

const ESCAPE_LETTERS: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\u0085': 'N',
  '\u00a0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

/** As it stands between double quotes, null if it needs no escape. */
export function escapedForQuotes(character: string): string | null {
  if (isPrintable(character) && !isBreak(character) && character !== '"' && character !== '\\') return null;
  const letter = ESCAPE_LETTERS[character];
  if (letter !== undefined) return `\\${letter}`;
  const code = character.codePointAt(0)!;
  const digits = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${digits.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}

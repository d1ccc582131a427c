/** Classes of bytes as C's `isalpha` and its like define them in the locale "C", by the letters of Lua's patterns. */

const ALPHA = 1;
const DIGIT = 2;
const LOWER = 4;
const UPPER = 8;
const SPACE = 16;
const CONTROL = 32;
const PUNCTUATION = 64;
const HEXADECIMAL = 128;
const ALPHANUMERIC = ALPHA | DIGIT;
const GRAPHIC = ALPHANUMERIC | PUNCTUATION;

const FLAGS = createFlags();

function createFlags(): Uint8Array {
  const flags = new Uint8Array(256);
  for (let code = 0; code < 128; code++) {
    const character = String.fromCharCode(code);
    let flag = 0;
    if (/[a-z]/.test(character)) flag |= ALPHA | LOWER;
    if (/[A-Z]/.test(character)) flag |= ALPHA | UPPER;
    if (/[0-9]/.test(character)) flag |= DIGIT;
    if (/[0-9a-fA-F]/.test(character)) flag |= HEXADECIMAL;
    if (/[ \t\n\v\f\r]/.test(character)) flag |= SPACE;
    if (code < 32 || code === 127) flag |= CONTROL;
    else if (code > 32 && (flag & ALPHANUMERIC) === 0) flag |= PUNCTUATION;
    flags[code] = flag;
  }
  return flags;
}

/** What a class letter in small asks for; 0 for one that is no class. */
const CLASSES = new Uint8Array(256);
for (const [letter, flags] of Object.entries({
  a: ALPHA,
  c: CONTROL,
  d: DIGIT,
  g: GRAPHIC,
  l: LOWER,
  p: PUNCTUATION,
  s: SPACE,
  u: UPPER,
  w: ALPHANUMERIC,
  x: HEXADECIMAL,
})) {
  CLASSES[letter.charCodeAt(0)] = flags;
}

const CASE_BIT = 32;
const LETTER_Z = 122;

/** Whether the byte belongs to `%letter`; a capital letter asks for the opposite, what is no class for the byte itself. */
export function isOfClass(code: number, letter: number): boolean {
  const isLetter = (FLAGS[letter]! & ALPHA) !== 0;
  if (!isLetter) return code === letter;
  const small = letter | CASE_BIT;
  if (small === LETTER_Z) return (code === 0) === (letter === small);
  const flags = CLASSES[small]!;
  if (flags === 0) return code === letter;
  return ((FLAGS[code]! & flags) !== 0) === (letter === small);
}

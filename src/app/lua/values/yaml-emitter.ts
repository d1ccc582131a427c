/**
 * YAML text from a tree of nodes, laid out as libyaml does it with lines of 80 columns and two places of indentation. What
 * a console prints passes here, so every blank counts.
 */
import { toByteText } from '../../../base/index.ts';
import { analyzeScalar, escapedForQuotes, isBreak, type ScalarAnalysis } from './yaml-scalar.ts';

export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal';

export type YamlNode =
  | Readonly<{ kind: 'scalar'; text: string; style: ScalarStyle; tag: string; anchor: string }>
  | Readonly<{ kind: 'alias'; anchor: string }>
  | Readonly<{ kind: 'sequence'; items: readonly YamlNode[]; isFlow: boolean; anchor: string }>
  | Readonly<{ kind: 'mapping'; pairs: readonly (readonly [YamlNode, YamlNode])[]; isFlow: boolean; anchor: string }>;

const INDENT = 2;
const WIDTH = 80;
/** A key may take so many bytes to stand on one line with its value. */
const SIMPLE_KEY_MAX = 128;

type Context = Readonly<{ isMapping: boolean; isSimpleKey: boolean }>;
const IN_SEQUENCE: Context = { isMapping: false, isSimpleKey: false };
const IN_MAPPING: Context = { isMapping: true, isSimpleKey: false };
const AS_SIMPLE_KEY: Context = { isMapping: true, isSimpleKey: true };

/** One document; text in Unicode. `header` stands before it. */
export function emitYaml(root: YamlNode, header = ''): string {
  return new YamlEmitter(header).document(root);
}

class YamlEmitter {
  #text: string;
  #column = 0;
  #indent = -1;
  #flowLevel = 0;
  /** The last character was a blank, or a mark behind which none is needed. */
  #isAfterSpace = true;
  /** So far there are only blanks and marks on this line. */
  #isIndentation = true;

  constructor(header: string) {
    this.#text = header;
  }

  document(root: YamlNode): string {
    this.#indicator('---', true, false, false);
    this.#node(root, IN_SEQUENCE);
    this.#newLine();
    this.#indicator('...', true, false, false);
    return `${this.#text}\n`;
  }

  #put(text: string): void {
    this.#text += text;
    this.#column += text.length;
  }

  #break(character = '\n'): void {
    this.#text += character;
    this.#column = 0;
  }

  #indicator(mark: string, needsSpace: boolean, isSpace: boolean, isIndentation: boolean): void {
    this.#put(needsSpace && !this.#isAfterSpace ? ` ${mark}` : mark);
    this.#isAfterSpace = isSpace;
    this.#isIndentation = this.#isIndentation && isIndentation;
  }

  #newLine(): void {
    const indent = Math.max(0, this.#indent);
    if (!this.#isIndentation || this.#column > indent || (this.#column === indent && !this.#isAfterSpace))
      this.#break();
    if (this.#column < indent) this.#put(' '.repeat(indent - this.#column));
    this.#isAfterSpace = true;
    this.#isIndentation = true;
  }

  /** Runs with a deeper indentation. */
  #indented(isFlow: boolean, isIndentless: boolean, emit: () => void): void {
    const outer = this.#indent;
    if (outer < 0) this.#indent = isFlow ? INDENT : 0;
    else if (!isIndentless) this.#indent = outer + INDENT;
    emit();
    this.#indent = outer;
  }

  #node(node: YamlNode, context: Context): void {
    switch (node.kind) {
      case 'alias':
        this.#indicator(`*${node.anchor}`, true, false, false);
        if (context.isSimpleKey) this.#put(' ');
        return;
      case 'scalar':
        return this.#scalar(node, context);
      case 'sequence':
        this.#anchor(node.anchor);
        if (this.#flowLevel > 0 || node.isFlow || node.items.length === 0) return this.#flowSequence(node.items);
        return this.#blockSequence(node.items, context);
      case 'mapping':
        this.#anchor(node.anchor);
        if (this.#flowLevel > 0 || node.isFlow || node.pairs.length === 0) return this.#flowMapping(node.pairs);
        return this.#blockMapping(node.pairs);
    }
  }

  #anchor(anchor: string): void {
    if (anchor !== '') this.#indicator(`&${anchor}`, true, false, false);
  }

  #blockSequence(items: readonly YamlNode[], { isMapping }: Context): void {
    this.#indented(false, isMapping && !this.#isIndentation, () => {
      for (const item of items) {
        this.#newLine();
        this.#indicator('-', true, false, true);
        this.#node(item, IN_SEQUENCE);
      }
    });
  }

  #blockMapping(pairs: readonly (readonly [YamlNode, YamlNode])[]): void {
    this.#indented(false, false, () => {
      for (const [key, value] of pairs) {
        this.#newLine();
        if (isSimpleKey(key)) {
          this.#node(key, AS_SIMPLE_KEY);
          this.#indicator(':', false, false, false);
        } else {
          this.#indicator('?', true, false, true);
          this.#node(key, IN_MAPPING);
          this.#newLine();
          this.#indicator(':', true, false, true);
        }
        this.#node(value, IN_MAPPING);
      }
    });
  }

  #flowSequence(items: readonly YamlNode[]): void {
    this.#indicator('[', true, true, false);
    this.#flowLevel++;
    this.#indented(true, false, () => {
      items.forEach((item, index) => {
        this.#flowSeparator(index);
        this.#node(item, IN_SEQUENCE);
      });
    });
    this.#flowLevel--;
    this.#indicator(']', false, false, false);
  }

  #flowMapping(pairs: readonly (readonly [YamlNode, YamlNode])[]): void {
    this.#indicator('{', true, true, false);
    this.#flowLevel++;
    this.#indented(true, false, () => {
      pairs.forEach(([key, value], index) => {
        this.#flowSeparator(index);
        if (isSimpleKey(key)) {
          this.#node(key, AS_SIMPLE_KEY);
          this.#indicator(':', false, false, false);
        } else {
          this.#indicator('?', true, false, false);
          this.#node(key, IN_MAPPING);
          if (this.#column > WIDTH) this.#newLine();
          this.#indicator(':', true, false, false);
        }
        this.#node(value, IN_MAPPING);
      });
    });
    this.#flowLevel--;
    this.#indicator('}', false, false, false);
  }

  #flowSeparator(index: number): void {
    if (index > 0) this.#indicator(',', false, false, false);
    if (this.#column > WIDTH) this.#newLine();
  }

  #scalar(node: Extract<YamlNode, { kind: 'scalar' }>, { isSimpleKey: isKey }: Context): void {
    const analysis = analyzeScalar(node.text);
    const style = this.#styleOf(node, analysis, isKey);
    this.#anchor(node.anchor);
    if (node.tag !== '') this.#indicator(node.tag, true, false, false);
    this.#indented(true, false, () => {
      switch (style) {
        case 'plain':
          return this.#plain(node.text, !isKey);
        case 'single':
          return this.#singleQuoted([...node.text], !isKey);
        case 'double':
          return this.#doubleQuoted([...node.text], !isKey);
        case 'literal':
          return this.#literal([...node.text]);
      }
    });
  }

  #styleOf(
    { text, style }: Readonly<{ text: string; style: ScalarStyle }>,
    analysis: ScalarAnalysis,
    isKey: boolean,
  ): ScalarStyle {
    if (isKey && analysis.isMultiline) return 'double';
    let chosen = style;
    if (chosen === 'plain') {
      const isAllowed = this.#flowLevel > 0 ? analysis.isFlowPlainAllowed : analysis.isBlockPlainAllowed;
      if (!isAllowed || (text === '' && (this.#flowLevel > 0 || isKey))) chosen = 'single';
    }
    if (chosen === 'single' && !analysis.isSingleQuotedAllowed) return 'double';
    if (chosen === 'literal' && (!analysis.isBlockAllowed || this.#flowLevel > 0 || isKey)) return 'double';
    return chosen;
  }

  /** Its length in characters; what is not ASCII was counted in code units before. */
  #putWord(word: string): void {
    this.#text += word;
    this.#column += word.length;
  }

  #plain(text: string, canBreak: boolean): void {
    if (!this.#isAfterSpace && (text !== '' || this.#flowLevel > 0)) this.#put(' ');
    if (!canBreak || this.#column + text.length <= WIDTH) this.#putWord(text);
    else this.#folded([...text], canBreak, () => true);
    this.#isAfterSpace = false;
    this.#isIndentation = false;
  }

  /** Text whose lines are broken at single blanks beyond the width. */
  #folded(characters: readonly string[], canBreak: boolean, mayFold: (index: number) => boolean): void {
    let isSpaceRun = false;
    characters.forEach((character, index) => {
      const isSpace = character === ' ';
      const isFold = isSpace && canBreak && !isSpaceRun && this.#column > WIDTH && characters[index + 1] !== ' ';
      if (isFold && mayFold(index)) this.#newLine();
      else this.#putCharacter(character);
      if (!isSpace) this.#isIndentation = false;
      isSpaceRun = isSpace;
    });
  }

  #putCharacter(character: string): void {
    this.#text += character;
    this.#column++;
  }

  #singleQuoted(characters: readonly string[], canBreak: boolean): void {
    this.#indicator("'", true, false, false);
    let isSpaceRun = false;
    let isBreakRun = false;
    characters.forEach((character, index) => {
      if (character === ' ') {
        const isInside = index > 0 && index < characters.length - 1;
        const isFold = canBreak && !isSpaceRun && this.#column > WIDTH && isInside && characters[index + 1] !== ' ';
        if (isFold) this.#newLine();
        else this.#putCharacter(character);
        isSpaceRun = true;
      } else if (isBreak(character)) {
        if (!isBreakRun && character === '\n') this.#break();
        this.#break(character);
        this.#isIndentation = true;
        isBreakRun = true;
      } else {
        if (isBreakRun) this.#newLine();
        this.#put(character === "'" ? "''" : character.length > 1 ? '' : character);
        this.#isIndentation = false;
        isSpaceRun = false;
        isBreakRun = false;
      }
    });
    if (isBreakRun) this.#newLine();
    this.#indicator("'", false, false, false);
    this.#isAfterSpace = false;
    this.#isIndentation = false;
  }

  #doubleQuoted(characters: readonly string[], canBreak: boolean): void {
    this.#indicator('"', true, false, false);
    let isSpaceRun = false;
    characters.forEach((character, index) => {
      const escape = escapedForQuotes(character);
      if (escape !== null) this.#put(escape);
      else if (character === ' ') {
        const isInside = index > 0 && index < characters.length - 1;
        if (canBreak && !isSpaceRun && this.#column > WIDTH && isInside) {
          this.#newLine();
          if (characters[index + 1] === ' ') this.#put('\\');
        } else this.#putCharacter(character);
      } else this.#putCharacter(character);
      isSpaceRun = character === ' ';
    });
    this.#indicator('"', false, false, false);
    this.#isAfterSpace = false;
    this.#isIndentation = false;
  }

  #literal(characters: readonly string[]): void {
    this.#indicator(`|${literalHints(characters)}`, true, false, false);
    this.#break();
    this.#isIndentation = true;
    this.#isAfterSpace = true;
    let isBreakRun = true;
    for (const character of characters) {
      if (isBreak(character)) {
        this.#break(character);
        this.#isIndentation = true;
        isBreakRun = true;
      } else {
        if (isBreakRun) this.#newLine();
        this.#putCharacter(character);
        this.#isIndentation = false;
        isBreakRun = false;
      }
    }
  }
}

/** The indentation if the text begins with a blank, and what becomes of the line breaks at its end. */
function literalHints(characters: readonly string[]): string {
  const first = characters[0];
  const indentation = first === ' ' || isBreak(first) ? String(INDENT) : '';
  if (!isBreak(characters.at(-1))) return `${indentation}-`;
  const isKept = characters.length === 1 || isBreak(characters.at(-2));
  return isKept ? `${indentation}+` : indentation;
}

/** Whether a key can stand on the line of its value. */
function isSimpleKey(key: YamlNode): boolean {
  switch (key.kind) {
    case 'alias':
      return key.anchor.length <= SIMPLE_KEY_MAX;
    case 'scalar': {
      if (analyzeScalar(key.text).isMultiline) return false;
      return key.anchor.length + key.tag.length + toByteText(key.text).length <= SIMPLE_KEY_MAX;
    }
    case 'sequence':
      return key.items.length === 0;
    case 'mapping':
      return key.pairs.length === 0;
  }
}

/**
 * JavaScript under construction, on the same lines as the Lua that it is made from: stack frames then show Lua's lines.
 * Line breaks are put only where the grammar of JavaScript allows them without a change of meaning.
 */
export class Output {
  readonly #parts: string[] = [];
  #line = 1;
  #column = 1;

  /** Text without line breaks. */
  write(text: string): void {
    this.#parts.push(text);
    this.#column += text.length;
  }

  /** Goes on at this line if it is not behind it already. */
  atLine(line: number): void {
    if (line <= this.#line) return;
    this.#parts.push('\n'.repeat(line - this.#line));
    this.#line = line;
    this.#column = 1;
  }

  get line(): number {
    return this.#line;
  }

  /** Where the next character will stand, as stack frames name it. */
  get place(): string {
    return `${this.#line}:${this.#column}`;
  }

  toString(): string {
    return this.#parts.join('');
  }
}

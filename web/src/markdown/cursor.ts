/** A position in a line, in characters and columns. A tab moves to the next column that is a multiple of four. */
export class Cursor {
  offset = 0
  #column = 0
  /** Remaining columns of a tab that was partly consumed. */
  #rest = 0

  constructor(readonly line: string) {}

  /** The width in columns of the white space that follows. */
  get indent(): number {
    let column = this.#column + this.#rest
    for (let at = this.offset + (this.#rest > 0 ? 1 : 0); ; at++) {
      const character = this.line[at]
      if (character === ' ') column += 1
      else if (character === '\t') column += 4 - (column % 4)
      else return column - this.#column
    }
  }

  get blank(): boolean {
    return this.next === this.line.length
  }

  /** The position of the next character that is not white space. */
  get next(): number {
    let at = this.offset
    while (this.line[at] === ' ' || this.line[at] === '\t') at++
    return at
  }

  /** The rest of the line from the next character that is not white space. */
  get words(): string {
    return this.line.slice(this.next)
  }

  /** The rest of the line. */
  get rest(): string {
    return this.#rest > 0 ? ' '.repeat(this.#rest) + this.line.slice(this.offset + 1) : this.line.slice(this.offset)
  }

  /** Skip this many columns of white space, if there are enough. */
  columns(count: number): void {
    while (count > 0) {
      const character = this.line[this.offset]
      const width =
        this.#rest > 0 ? this.#rest : character === '\t' ? 4 - (this.#column % 4) : character === ' ' ? 1 : 0
      if (width === 0) return
      const taken = Math.min(width, count)
      this.#column += taken
      count -= taken
      this.#rest = width - taken
      if (this.#rest === 0) this.offset += 1
    }
  }

  /** Skip this many characters that are not tabs. */
  characters(count: number): void {
    this.offset += count
    this.#column += count
  }

  /** Skip white space. */
  space(): void {
    this.columns(this.indent)
  }
}

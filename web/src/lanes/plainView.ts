/** The size of a block, which the browser neither lays out nor draws while it is far from the screen. */
const BLOCK = 8_000

/** Growing plain text, for an answer that can't be shown as Markdown. */
export class PlainView {
  #text = ''
  /** The text before this is in full blocks. */
  #full = 0
  #part: HTMLElement | null = null

  constructor(readonly root: HTMLElement) {
    root.replaceChildren()
  }

  set(text: string): void {
    this.#text = text
  }

  /** Show the new text, until `deadline` (as `performance.now()`); true if all of it is shown. */
  paint(deadline: number): boolean {
    while (this.#full < this.#text.length) {
      this.#part ??= this.#nextPart()
      const block = document.createElement('p')
      block.className = 'raw'
      block.textContent = this.#text.slice(this.#full, this.#full + BLOCK)
      this.#part.replaceChildren(block)
      if (this.#text.length - this.#full < BLOCK) return true
      this.#full += BLOCK
      this.#part = null
      if (performance.now() >= deadline) return false
    }
    return true
  }

  #nextPart(): HTMLElement {
    const part = document.createElement('div')
    part.className = 'part'
    this.root.append(part)
    return part
  }
}

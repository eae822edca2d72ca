/** So much is one block, which the browser neither lays out nor draws while it is far from the screen. */
const BLOCK = 8_000

/** Text that grows at its end, as it is: for an answer that can't be shown as Markdown. */
export class PlainView {
  #text = ''
  /** The text before it is in blocks that are full. */
  #full = 0
  #part: HTMLElement | null = null

  constructor(readonly root: HTMLElement) {
    root.replaceChildren()
  }

  set(text: string): void {
    this.#text = text
  }

  /** Show what is new, until `deadline` (as `performance.now()`); true: all of it is shown. */
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

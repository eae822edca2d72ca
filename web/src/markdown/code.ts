import { copyText } from '../browser/clipboard'
import { highlight } from './highlight'

/**
 * Longer code stays plain and is laid out in blocks of this many characters, since the browser would lay out all of it again for each line.
 */
const LONGEST_COLOURED = 30_000
const BLOCK_LENGTH = 8_000

/** Code is coloured again each time it has grown by this factor, which makes the total cost linear. */
const GROWTH = 1.4

/**
 * A block of code with its language and a button to copy it. It can grow: coloured text stays coloured, and new lines are plain until there
 * is enough new text to colour all of it again.
 */
export class CodeBlock {
  readonly element = document.createElement('figure')
  readonly #code = document.createElement('code')
  readonly #language: string
  #text = ''
  #coloured = 0
  /** For long code: the end of the full blocks, and the block after them. */
  #blocked = 0
  #open: HTMLElement | null = null

  /** `info`: the text after the fence, such as `python title="x"`. */
  constructor(info: string) {
    this.#language = languageOf(info)
    this.element.className = 'code'
    const caption = document.createElement('figcaption')
    const language = document.createElement('span')
    language.textContent = this.#language || 'text'
    const copy = document.createElement('button')
    copy.type = 'button'
    copy.className = 'copy'
    copy.textContent = 'Copy'
    copy.addEventListener('click', () => void this.#copy(copy))
    caption.append(language, copy)
    const scroller = document.createElement('pre')
    scroller.tabIndex = 0
    scroller.append(this.#code)
    this.element.append(caption, scroller)
    blocks.set(this.element, this)
  }

  get language(): string {
    return this.#language
  }

  get text(): string {
    return this.#text
  }

  /** `text`: all of it, as far as it has come. `finished`: that is all. */
  set(text: string, finished: boolean): void {
    if (text.length > LONGEST_COLOURED) {
      this.#setLong(text)
      return
    }
    if (text !== this.#text) {
      const last = this.#code.lastChild
      if (text.startsWith(this.#text) && last instanceof Text) last.appendData(text.slice(this.#text.length))
      else if (text.startsWith(this.#text)) this.#code.append(text.slice(this.#text.length))
      else {
        this.#code.textContent = text
        this.#coloured = 0
      }
      this.#text = text
    }
    const lines = finished ? text.length : text.lastIndexOf('\n') + 1
    if (lines > 0 && lines > this.#coloured && (finished || lines > this.#coloured * GROWTH + 80)) {
      this.#coloured = lines
      highlight(this.#code, text, this.#language)
    }
  }

  /** `text` in blocks, of which only the last one is changed. */
  #setLong(text: string): void {
    if (this.#text.length <= LONGEST_COLOURED || !text.startsWith(this.#text)) {
      this.#code.replaceChildren()
      this.#blocked = 0
    }
    this.#text = text
    // The last block may grow, so its text is replaced.
    if (this.#open) this.#open.remove()
    while (this.#blocked < text.length) {
      const rest = text.slice(this.#blocked, this.#blocked + BLOCK_LENGTH)
      const line = rest.lastIndexOf('\n') + 1
      const piece = rest.length < BLOCK_LENGTH || line === 0 ? rest : rest.slice(0, line)
      const block = document.createElement('span')
      block.className = 'block'
      block.textContent = piece
      this.#code.append(block)
      this.#open = rest.length < BLOCK_LENGTH ? block : null
      if (this.#open) return
      this.#blocked += piece.length
    }
    this.#open = null
  }

  async #copy(button: HTMLButtonElement): Promise<void> {
    button.textContent = (await copyText(this.#text)) ? 'Copied' : "Couldn't copy"
    setTimeout(() => (button.textContent = 'Copy'), 1_500)
  }
}

/** The language after a fence, such as `python title="x"`. */
export function languageOf(info: string): string {
  return /^[\w+#.-]*/.exec(info.trim())?.[0].toLowerCase() ?? ''
}

const blocks = new WeakMap<Node, CodeBlock>()

/** The block with that element. */
export function codeBlock(element: Node): CodeBlock | undefined {
  return blocks.get(element)
}

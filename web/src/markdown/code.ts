import { copyText } from '../browser/clipboard'
import { highlight } from './highlight'

/** Longer code stays plain, and is laid out in blocks of so many characters: the browser would lay all of it out anew for each line. */
const LONGEST_COLOURED = 30_000
const BLOCK_LENGTH = 8_000

/** Code may be coloured again each time it has grown by so much: all in all that is linear. */
const GROWTH = 1.4

/**
 * A block of code with its language and a button to copy it. It can grow: what was coloured stays so, and new lines are plain until
 * enough has come to colour all of it again.
 */
export class CodeBlock {
  readonly element = document.createElement('figure')
  readonly #code = document.createElement('code')
  readonly #language: string
  #text = ''
  #coloured = 0
  /** Of long code: up to where it stands in blocks that are full, and the block behind them. */
  #blocked = 0
  #open: HTMLElement | null = null

  /** `info`: what stands behind the fence, as `python title="x"`. */
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
    // The last block may grow: what was in it is put there anew.
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

/** The language that is named behind a fence, as in `python title="x"`. */
export function languageOf(info: string): string {
  return /^[\w+#.-]*/.exec(info.trim())?.[0].toLowerCase() ?? ''
}

const blocks = new WeakMap<Node, CodeBlock>()

/** The block whose element that is. */
export function codeBlock(element: Node): CodeBlock | undefined {
  return blocks.get(element)
}

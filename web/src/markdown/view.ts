import type { Block } from './block'
import { Blocks } from './blocks'
import { codeBlock, languageOf } from './code'
import { Formulas } from './formulas'
import { LINE_LENGTH } from './limits'
import { alike, morph, place } from './morph'
import { codeOf, insideOf, leafOf, shellOf } from './nodes'
import { References } from './references'

/** The characters read before showing the result: a millisecond or two. */
const BATCH = 2_000
/** A longer last block is shown again only after it has grown by this factor, which makes the total cost linear. */
const SMALL = 2_000
const GROWTH = 1.04

/** The number of blocks or characters in a part, which the browser neither lays out nor draws while it is far from the screen. */
const PART = 8
const PART_LENGTH = 12_000
/** The cost of an element besides its text. */
const BLOCK_LENGTH = 20

/** Text without these characters can be appended: it doesn't start or end a mark or a line. */
const PLAIN = /^[^*_`[\]<>\\$&!~|#@\n]*$/
/** After this many characters of a line, it is known whether it starts a list, a heading or another block. */
const LINE_START = 12

/**
 * Growing Markdown, as nodes below `root`.
 *
 * Lines are read once, when they are complete. Finished blocks are settled: they are built once and changed only for references that are
 * defined later. The last block is rebuilt when text arrives, with the unfinished line read tentatively, and its nodes are changed where
 * they differ.
 */
export class MarkdownView {
  /** Text that arrived and has not been read as lines. */
  #pending = ''
  #taken = 0
  #finished = false
  /** Everything has been read. */
  #over = false
  #deadline = 0
  /** How much of the pending text is shown. */
  #shown = 0
  /** The pending text continues a line whose first part has been read. */
  #midLine = false
  /** The last block shown, and its length. */
  #shownBlock: Block | null = null
  #shownLength = 0
  #part: HTMLElement
  #inPart = 0
  #partLength = 0
  readonly #blocks = new Blocks()
  readonly #references = new References()
  readonly #formulas = new Formulas()

  constructor(readonly root: HTMLElement) {
    this.#part = this.#nextPart()
  }

  /** The whole text so far: the previous text, and more. `finished`: it is complete. */
  set(text: string, finished: boolean): void {
    // A CR at the end may be half of a CRLF, which is a single line break.
    const end = text.endsWith('\r') && !finished ? text.length - 1 : text.length
    const piece = text.slice(this.#taken, end)
    this.#pending += piece.includes('\r') ? piece.replace(/\r\n?/g, '\n') : piece
    this.#taken = end
    this.#finished = finished
  }

  /** Show the new text, until `deadline` (as `performance.now()`); true if all of it is shown. */
  paint(deadline: number): boolean {
    this.#deadline = deadline
    do {
      if (!this.#settle()) return false
      if (this.#readLines() || this.#readRest()) continue
      if (!this.#showLast()) return false
      if (!this.#showStale()) return true
    } while (performance.now() < deadline)
    return false
  }

  /** Read whole lines. False if there are none. */
  #readLines(): boolean {
    let read = 0
    for (;;) {
      const end = this.#pending.indexOf('\n', read)
      if (end === -1 || read > BATCH) break
      const line = this.#pending.slice(read, end)
      if (!this.#midLine) this.#blocks.line(line)
      else if (line !== '') this.#blocks.more(line)
      this.#midLine = false
      read = end + 1
    }
    this.#pending = this.#pending.slice(read)
    if (read > 0) this.#shown = 0
    return read > 0
  }

  /** Read an incomplete line if its meaning is certain. False if there is nothing. */
  #readRest(): boolean {
    const rest = this.#pending
    if (this.#over || (!this.#finished && (rest === '' || !this.#midLine))) return false
    this.#pending = ''
    if (rest !== '' && this.#midLine) this.#blocks.more(rest)
    else if (rest !== '') this.#blocks.line(rest)
    if (this.#finished) {
      this.#blocks.finish()
      this.#over = true
    }
    return true
  }

  /** Show the unfinished block, with the line that may still grow. False if there was not enough time. */
  #showLast(): boolean {
    if (!this.#finished && (this.#appended() || this.#grewLittle())) return true
    this.#shown = this.#pending.length
    if (this.#pending === '') return this.#sync(this.#blocks.document, true, true)
    let leaf = false
    this.#blocks.tentatively(this.#pending, () => {
      leaf = !this.#blocks.tip.container
      this.#sync(this.#blocks.document, false, true)
    })
    // The kind of such a long line can't change any more, so the rest is read as it arrives.
    if (this.#pending.length <= LINE_LENGTH || !leaf) return true
    this.#blocks.line(this.#pending)
    this.#pending = ''
    this.#midLine = true
    return this.#settle()
  }

  /** Whether the last block is long and little was added since it was shown. */
  #grewLittle(): boolean {
    const { tip } = this.#blocks
    const length = tip.text.length + this.#pending.length
    if (tip === this.#shownBlock && tip.kind !== 'code' && length > SMALL && length < this.#shownLength * GROWTH)
      return true
    this.#shownBlock = tip
    this.#shownLength = length
    return false
  }

  /** Append the new text to the last text node if possible, which needs no parsing. This is the most common case. */
  #appended(): boolean {
    const piece = this.#pending.slice(this.#shown)
    if (this.#midLine || this.#shown <= LINE_START || this.#pending.length > LINE_LENGTH || !PLAIN.test(piece))
      return false
    const last = lastText(this.#part)
    // It must be the text that was shown last, without the trailing space of a paragraph, which isn't shown until more text follows.
    const before = this.#pending.slice(this.#shown - LINE_START, this.#shown)
    const word = before.trimEnd()
    const space = before.slice(word.length)
    if (last === null || word === '') return false
    if (last.data.endsWith(word.slice(-2) + space)) last.appendData(piece)
    else if (last.data.endsWith(word.slice(-2))) last.appendData(space + piece)
    else return false
    this.#shown = this.#pending.length
    return true
  }

  /** Show the finished blocks. False if there was not enough time. */
  #settle(): boolean {
    this.#references.define(this.#blocks.defined.splice(0))
    return this.#sync(this.#blocks.document, true, false)
  }

  /**
   * Change the nodes of `container` to match its children. `certain`: finished blocks will not change any more and can be dropped. `all`:
   * unfinished blocks are shown too, and other nodes removed. False if there was not enough time.
   */
  #sync(container: Block, certain: boolean, all: boolean): boolean {
    let { parent, before } = this.#inside(container)
    let settled = 0
    let inTime = true
    for (const child of container.children) {
      if (!all && child.open && !child.container) break
      const old = before === null ? parent.firstChild : before.nextSibling
      const node = child.container ? this.#shell(child, parent, old, certain) : this.#leaf(child, parent, old, certain)
      if (child.container) inTime = this.#sync(child, certain, all)
      if (!inTime) break
      before = node
      if (!certain || child.open) continue
      settled += 1
      container.settled = node
      if (container === this.#blocks.document) {
        this.#inPart += 1
        if (this.#inPart >= PART || this.#partLength >= PART_LENGTH) {
          parent = this.#endPart(node)
          before = null
        }
      }
      inTime = performance.now() < this.#deadline
      if (!inTime) break
    }
    const whole = inTime || settled === container.children.length
    if (settled > 0) container.children.splice(0, settled)
    if (!whole || (!all && container.open)) return whole
    while (before === null ? parent.firstChild : before.nextSibling)
      (before === null ? parent.firstChild : before.nextSibling)?.remove()
    return true
  }

  #inside(container: Block): { parent: HTMLElement; before: ChildNode | null } {
    if (container === this.#blocks.document) return { parent: this.#part, before: container.settled }
    const inside = insideOf(container, container.element ?? this.#part)
    return { parent: inside.parent, before: container.settled ?? inside.before }
  }

  #shell(block: Block, parent: HTMLElement, old: ChildNode | null, certain: boolean): HTMLElement {
    if (block.element?.parentNode === parent) return block.element
    const made = shellOf(block)
    const begun = insideOf(block, made).before?.textContent
    const node = alike(old, made) && insideOf(block, old).before?.textContent === begun ? old : place(parent, old, made)
    block.element = node
    const head = block.kind === 'table' && !block.continued ? node.querySelector('thead') : null
    if (head) this.#fill(block, head, certain)
    return node
  }

  /** The header of a table. */
  #fill(block: Block, head: HTMLElement, certain: boolean): void {
    const { node, missing } = leafOf(block, this.#references)
    morph(head, null, [...node.childNodes])
    if (certain) this.#references.watch({ block, node: head }, missing)
  }

  #leaf(block: Block, parent: HTMLElement, old: ChildNode | null, certain: boolean): HTMLElement {
    const missing: string[] = []
    let node = block.kind === 'code' ? growing(block, old) : null
    if (node === null) {
      const made = leafOf(block, this.#references)
      node = place(parent, old, made.node)
      missing.push(...made.missing)
    }
    if (!certain || block.open) return node
    this.#partLength += block.text.length + BLOCK_LENGTH
    if (missing.length > 0) this.#references.watch({ block, node }, missing)
    this.#finish(node)
    return node
  }

  /** Show one settled block again whose references were defined since. False if there is none. */
  #showStale(): boolean {
    const stale = this.#references.nextStale()
    if (stale === null) return false
    const { node, missing } = leafOf(stale.block, this.#references)
    morph(stale.node, null, [...node.childNodes])
    this.#references.watch(stale, missing)
    this.#finish(stale.node)
    return true
  }

  /** Final processing of nodes that stay. */
  #finish(node: HTMLElement): void {
    this.#formulas.typesetIn(node)
    const block = codeBlock(node)
    block?.set(block.text, true)
  }

  /** The nodes after `last` belong to the next part. */
  #endPart(last: ChildNode): HTMLElement {
    const part = this.#nextPart()
    while (last.nextSibling !== null) part.append(last.nextSibling)
    this.#part = part
    this.#blocks.document.settled = null
    this.#inPart = this.#partLength = 0
    return part
  }

  #nextPart(): HTMLElement {
    const part = document.createElement('div')
    part.className = 'part'
    this.root.append(part)
    return part
  }
}

/** The existing code that grows; it is never rebuilt. */
function growing(block: Block, old: ChildNode | null): HTMLElement | null {
  const there = old && codeBlock(old)
  if (!there || there.language !== languageOf(block.language)) return null
  there.set(codeOf(block), false)
  return there.element
}

/** The last text node shown, in a paragraph, a list item or a quote. */
function lastText(part: HTMLElement): Text | null {
  let node = part.lastChild
  while (node?.lastChild && /^(P|LI|UL|OL|BLOCKQUOTE|H3)$/.test(node.nodeName)) node = node.lastChild
  return node instanceof Text ? node : null
}

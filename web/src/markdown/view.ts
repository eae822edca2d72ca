import { Lexer, Marked, type Token, type Tokens } from 'marked'
import { CodeBlock, codeBlock } from './code'
import { math } from './math'
import { morph } from './morph'
import { nodesOf, typesetIn } from './nodes'

const { defaults } = new Marked({ gfm: true, breaks: false, extensions: math })

/** How much is parsed in one go: so much takes a few milliseconds. */
const WINDOW = 1_000
/** A last block that is longer is parsed again only when it has grown by a part of itself: all in all that is linear. */
const SMALL = 2_000
const GROWTH = 1.04

/** So many blocks are a part, which the browser neither lays out nor draws while it is far from the screen. */
const PART = 8

/** Text without these goes on as what it is already: no mark begins or ends with it, and no line. */
const PLAIN = /^[^*_`[\]<>\\$&!~|#\n]*$/
/** So far into a line, it is settled whether it begins a list, a heading or another block. */
const LINE_START = 12

const FENCE = /^ {0,3}(`{3,}|~{3,})([^\n]*)\n/

/** A block of code whose end has not come. */
interface OpenFence {
  block: CodeBlock
  closing: RegExp
  /** Where its code begins. */
  start: number
  /** Where its first line begins that was not looked at. */
  scanned: number
}

/**
 * Markdown that grows at its end, as nodes below `root`.
 *
 * Blocks that are over are settled: parsed once, made once, never looked at again. Only the last one is parsed anew when text comes,
 * and its nodes are changed where they differ. Code that is being written is not even parsed: its lines are appended.
 */
export class MarkdownView {
  #text = ''
  #taken = 0
  #finished = false
  /** The text before it is settled, and so are, of the last part, the nodes up to this one. */
  #settled = 0
  #lastSettled: ChildNode | null = null
  #part: HTMLElement
  #inPart = 0
  /** The text before it is shown. */
  #shown = 0
  /** How long the last block was when it was parsed last. */
  #parsed = 0
  #fence: OpenFence | null = null
  #links: Record<string, Pick<Tokens.Link, 'href' | 'title'>> = {}

  constructor(readonly root: HTMLElement) {
    this.#part = this.#nextPart()
  }

  /** All of the text as far as it has come: what was given before, and more. `finished`: that is all. */
  set(text: string, finished: boolean): void {
    // A CR at the end may be half of a CRLF, which is one end of a line.
    const end = text.endsWith('\r') && !finished ? text.length - 1 : text.length
    const piece = text.slice(this.#taken, end)
    this.#text += piece.includes('\r') ? piece.replace(/\r\n?/g, '\n') : piece
    this.#taken = end
    this.#finished = finished
  }

  /** Show what is new, until `deadline` (as `performance.now()`); true: all of it is shown. */
  paint(deadline: number): boolean {
    do {
      const more = this.#fence === null ? this.#paintBlocks() : this.#paintCode(this.#fence)
      if (!more) return true
    } while (performance.now() < deadline)
    return false
  }

  /** True: there is more to paint. */
  #paintBlocks(): boolean {
    const rest = this.#text.length - this.#settled
    if (!this.#finished && this.#appended()) return false
    if (rest === 0 || (!this.#finished && rest > SMALL && rest < this.#parsed * GROWTH)) return false
    for (let size = Math.max(WINDOW, 2 * this.#parsed); ; size *= 2) {
      const source = this.#text.slice(this.#settled, this.#settled + size)
      const whole = source.length === rest
      const tokens = this.#parse(source)
      const over = whole && this.#finished ? tokens.length : firstOpen(tokens, source)
      if (over === 0 && !whole) continue
      this.#show(tokens.slice(0, over), whole ? tokens.slice(over) : [])
      this.#parsed = whole ? this.#text.length - this.#settled : 0
      this.#shown = whole ? this.#text.length : this.#settled
      return !whole || this.#fence !== null
    }
  }

  /** Whether what is new could be put behind the last text as it is, which is most of it, and needs no parsing. */
  #appended(): boolean {
    const piece = this.#text.slice(this.#shown)
    if (this.#shown - this.#text.lastIndexOf('\n', this.#shown - 1) <= LINE_START || !PLAIN.test(piece)) return false
    const last = lastText(this.#part)
    // It has to be the text that was shown last; of that, the space at the end of a paragraph is not shown until it goes on.
    const before = this.#text.slice(this.#shown - LINE_START, this.#shown)
    const word = before.trimEnd()
    const space = before.slice(word.length)
    if (last === null || word === '') return false
    if (last.data.endsWith(word.slice(-2) + space)) last.appendData(piece)
    else if (last.data.endsWith(word.slice(-2))) last.appendData(space + piece)
    else return false
    this.#shown = this.#text.length
    return true
  }

  #parse(source: string): Token[] {
    const lexer = new Lexer(defaults)
    Object.assign(lexer.tokens.links, this.#links)
    const tokens = lexer.lex(source)
    this.#links = tokens.links
    return tokens
  }

  /** `over` will not change any more; `open`, at the end of the text, may. */
  #show(over: readonly Token[], open: readonly Token[]): void {
    const settled = nodesOf(over)
    const there = morph(this.#part, this.#lastSettled, [...settled, ...nodesOf(open)])
    for (const node of there.slice(0, settled.length)) finish(node)
    this.#settle(there[settled.length - 1] ?? null, settled.length)
    this.#settled += lengthOf(over)
    const last = open.at(-1)
    const element = there.at(-1)
    if (last?.type === 'code' && element) this.#enterFence(last.raw, lengthOf(open.slice(0, -1)), element)
  }

  /** The nodes up to `last` will not change any more: `count` more of them. */
  #settle(last: ChildNode | null, count: number): void {
    if (last === null) return
    this.#lastSettled = last
    this.#inPart += count
    if (this.#inPart < PART) return
    const part = this.#nextPart()
    while (last.nextSibling !== null) part.append(last.nextSibling)
    this.#part = part
    this.#lastSettled = null
    this.#inPart = 0
  }

  #nextPart(): HTMLElement {
    const part = document.createElement('div')
    part.className = 'part'
    this.root.append(part)
    return part
  }

  #enterFence(raw: string, before: number, element: ChildNode): void {
    const [opening, marker = '', info] = FENCE.exec(raw) ?? []
    if (opening === undefined) return
    const start = this.#settled + before + opening.length
    const block = codeBlock(element) ?? new CodeBlock(info ?? '')
    const closing = new RegExp(`^ {0,3}${marker[0]}{${marker.length},}[ \\t]*$`)
    this.#fence = { block, closing, start, scanned: start }
  }

  /** True: the code is over, and more may come behind it. */
  #paintCode(fence: OpenFence): boolean {
    for (;;) {
      const from = fence.scanned
      const newline = this.#text.indexOf('\n', from)
      const line = this.#text.slice(from, newline === -1 ? undefined : newline)
      const before = Math.max(from - 1, fence.start)
      if ((newline !== -1 || this.#finished) && fence.closing.test(line)) {
        this.#leaveFence(fence, before, newline === -1 ? this.#text.length : newline + 1)
        return true
      }
      if (newline === -1) {
        if (this.#finished) this.#leaveFence(fence, this.#text.length, this.#text.length)
        // What may become the closing fence is held back, lest it flash up.
        else
          fence.block.set(this.#text.slice(fence.start, /^ {0,3}[`~]*[ \t]*$/.test(line) ? before : undefined), false)
        return this.#finished
      }
      fence.scanned = newline + 1
    }
  }

  #leaveFence(fence: OpenFence, end: number, next: number): void {
    fence.block.set(this.#text.slice(fence.start, end), true)
    this.#settle(fence.block.element, 1)
    this.#settled = next
    this.#parsed = 0
    this.#fence = null
  }
}

/** The text at the very end of what is shown, in a paragraph, an item of a list, a quote. */
function lastText(part: HTMLElement): Text | null {
  let node = part.lastChild
  while (node?.lastChild && /^(P|LI|UL|OL|BLOCKQUOTE|H3)$/.test(node.nodeName)) node = node.lastChild
  return node instanceof Text ? node : null
}

/**
 * The number of the first token that text to come may still change. That is the last one; and as long as the last line is not complete,
 * which may yet turn out to go on with what stands before it (`-` becoming the next item of a list), the one before it as well.
 */
function firstOpen(tokens: readonly Token[], source: string): number {
  const filled = tokens.flatMap((token, index) => (token.type === 'space' ? [] : [index]))
  const last = filled.at(-1)
  if (last === undefined) return 0
  const incomplete = !source.endsWith('\n') && !tokens[last]?.raw.includes('\n')
  return incomplete ? (filled.at(-2) ?? last) : last
}

function lengthOf(tokens: readonly Token[]): number {
  return tokens.reduce((length, token) => length + token.raw.length, 0)
}

/** What is done once to nodes that stay. */
function finish(node: ChildNode): void {
  typesetIn(node)
  const figures = node instanceof HTMLElement ? [node, ...node.querySelectorAll('figure.code')] : []
  for (const figure of figures) {
    const block = codeBlock(figure)
    block?.set(block.text, true)
  }
}

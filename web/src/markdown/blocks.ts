import { Block, type Remembered, remember, restore } from './block'
import { Cursor } from './cursor'
import {
  BLOCKS_OF_CODE,
  LINE_LENGTH,
  MOST_BLOCKS,
  MOST_CHILDREN,
  MOST_LEVELS,
  MOST_MARKS_IN_ALL,
  PARAGRAPH_LENGTH,
} from './limits'
import {
  alertIn,
  closesFence,
  definitionIn,
  fenceIn,
  footnoteIn,
  formulaIn,
  headingIn,
  htmlIn,
  isRule,
  itemIn,
  mayCloseFence,
  taskIn,
  underlineLevel,
} from './starts'
import { cellsOf, columnsOf } from './tables'

const MARKS = /[*_~`[\]<&$\\|]/g

/**
 * The blocks of a growing text, read line by line like CommonMark: with a stack of open blocks, of which each line continues some, closes
 * the others and opens new ones. No line is read twice. The cost of a line depends on its own length and on the number of open blocks, of
 * which there are at most a hundred. A block that becomes too long is continued in another one of its kind.
 */
export class Blocks {
  readonly document = new Block('document')
  /** Labels of references and footnotes (`^1`) that were defined since the reader last emptied this. */
  readonly defined: Block[] = []
  #open: Block[] = [this.document]
  #blocks = 0
  #marks = 0

  /** The block that the next line may continue. */
  get tip(): Block {
    return this.#open.at(-1) ?? this.document
  }

  /** Read one whole line, without its line break. `partial`: it may still grow. */
  line(line: string, partial = false): void {
    if (this.tip.kind === 'plain') this.#append(this.tip, line)
    else if (this.#blocks > MOST_BLOCKS || this.#marks > MOST_MARKS_IN_ALL) {
      this.#closeTo(1)
      this.#append(this.#add(new Block('plain')), line)
    } else this.#read(new Cursor(line), partial)
  }

  /** Read more of the last line. */
  more(text: string): void {
    this.#append(this.tip, text, '')
  }

  /** Call `look` while the line that may still grow has been read, then forget the line. */
  tentatively(line: string, look: () => void): void {
    const [open, blocks, marks, defined] = [this.#open, this.#blocks, this.#marks, this.defined.length]
    const remembered: Remembered[] = open.map(remember)
    this.#open = open.slice()
    try {
      this.line(line, true)
      look()
    } finally {
      remembered.forEach(restore)
      this.#open = open
      this.#blocks = blocks
      this.#marks = marks
      this.defined.length = defined
    }
  }

  /** No more lines follow. */
  finish(): void {
    this.#closeTo(0)
  }

  #read(cursor: Cursor, partial: boolean): void {
    let matched = 1
    for (; matched < this.#open.length; matched++) {
      const block = this.#open[matched]
      if (block === undefined || !this.#continues(block, cursor)) break
    }
    let container = this.#open[matched - 1] ?? this.document
    if (container.kind === 'code' || container.kind === 'html' || container.kind === 'math') {
      this.#continueLeaf(container, cursor, partial)
      return
    }
    if (cursor.blank) {
      this.#closeTo(matched)
      return
    }
    const long = cursor.line.length > LINE_LENGTH
    let levels = this.#open.slice(0, matched).filter(({ kind }) => kind !== 'list' && kind !== 'document').length
    for (let begun = false; ; begun = true) {
      const opened = this.#begin(container, cursor, matched, long, levels >= MOST_LEVELS)
      if (opened === 'done') return
      if (opened === null) {
        this.#text(cursor, begun ? this.#open.length : matched, long)
        return
      }
      container = opened
      matched = this.#open.length
      levels += 1
      if (cursor.blank) return
    }
  }

  /** Whether the line continues that block, whose mark in the line is skipped. */
  #continues(block: Block, cursor: Cursor): boolean {
    switch (block.kind) {
      case 'quote':
        if (cursor.indent > 3 || cursor.line[cursor.next] !== '>') return false
        passQuote(cursor)
        return true
      case 'item':
        if (cursor.blank) return block.count > 0
        if (cursor.indent < block.indent) return false
        cursor.columns(block.indent)
        return true
      case 'footnote':
        if (cursor.blank) return true
        if (cursor.indent < 4) return false
        cursor.columns(4)
        return true
      case 'code':
        if (block.mark !== '') cursor.columns(Math.min(block.indent, cursor.indent))
        else if (cursor.indent >= 4 || cursor.blank) cursor.columns(4)
        else return false
        return true
      case 'html':
        return block.mark !== '' || !cursor.blank
      case 'list':
        return true
      case 'table':
        return !cursor.blank && cursor.line.length <= LINE_LENGTH
      case 'document':
      case 'paragraph':
      case 'math':
      case 'plain':
      case 'heading':
      case 'rule':
      case 'definition':
      case 'row':
        return !cursor.blank
    }
  }

  #continueLeaf(leaf: Block, cursor: Cursor, partial: boolean): void {
    const { words } = cursor
    const long = cursor.line.length > LINE_LENGTH
    if (leaf.kind === 'code') {
      if (leaf.mark !== '' && cursor.indent < 4 && !long) {
        if (closesFence(leaf.mark, words)) return this.#closeTip()
        // Text that may become the end is held back, so that it doesn't appear briefly.
        if (partial && mayCloseFence(leaf.mark, words)) return
      }
      return this.#append(leaf, cursor.rest)
    }
    this.#append(leaf, words)
    // The rest of a long line may not have arrived yet.
    if (long || !this.tip.mark || this.tip.kind !== leaf.kind) return
    if (leaf.kind === 'html') {
      if (words.toLowerCase().includes(leaf.mark)) this.#closeTip()
    } else if (words.trimEnd().endsWith(leaf.mark)) {
      leaf.whole = true
      this.#closeTip()
    } else if (words.includes(leaf.mark)) this.#toParagraph(leaf)
  }

  /**
   * Open the block that starts here. Returns a container: more blocks may start in it; `done`: the line has been read; null: the rest is
   * text.
   */
  #begin(container: Block, cursor: Cursor, matched: number, long: boolean, full: boolean): Block | 'done' | null {
    const { indent, words } = cursor
    const paragraph = container.kind === 'paragraph' ? container : null
    if (indent >= 4) {
      // The text of a paragraph can have any indentation, also if it continues without the mark of its quote.
      if (paragraph || container.kind === 'table' || this.tip.kind === 'paragraph') return null
      this.#closeTo(matched)
      cursor.columns(4)
      this.#append(this.#add(new Block('code')), cursor.rest)
      return 'done'
    }
    if (words.startsWith('>')) {
      if (full) return null
      this.#closeTo(matched)
      const quote = this.#add(new Block('quote'))
      passQuote(cursor)
      quote.mark = (cursor.indent < 4 && alertIn(cursor.words)) || ''
      return quote.mark === '' ? quote : 'done'
    }
    if (!long) {
      const leaf = this.#beginLeaf(paragraph, words, indent, matched)
      if (leaf) return 'done'
    }
    return full ? null : (this.#beginItem(paragraph, cursor, matched) ?? this.#beginFootnote(cursor, matched))
  }

  /** Open the block that contains the rest of the line. */
  #beginLeaf(paragraph: Block | null, words: string, indent: number, matched: number): boolean {
    if (paragraph && !paragraph.continued) {
      const level = underlineLevel(words)
      if (level > 0) {
        this.#drop()
        const heading = new Block('heading')
        heading.text = paragraph.text
        heading.level = level
        return this.#addWhole(heading)
      }
      if (this.#beginTable(paragraph, words)) return true
    }
    const definition = definitionIn(words)
    const whole = isRule(words) ? new Block('rule') : definition ? new Block('definition') : headingIn(words)
    const open = whole ? null : (fenceIn(words, indent) ?? htmlIn(words) ?? formulaIn(words))
    if (!whole && !open) return false
    this.#closeTo(matched)
    if (whole) {
      whole.definition = definition
      if (definition) {
        whole.text = words
        this.defined.push(whole)
      }
      return this.#addWhole(whole)
    }
    if (open) {
      this.#add(open)
      if (open.kind !== 'code') this.#append(open, words)
      if (open.whole || (open.mark !== '' && open.kind === 'html' && words.toLowerCase().includes(open.mark)))
        this.#closeTip()
    }
    return true
  }

  #beginTable(paragraph: Block, words: string): boolean {
    const head = paragraph.text.slice(paragraph.text.lastIndexOf('\n') + 1)
    const align = columnsOf(head, words)
    if (!align) return false
    if (head.length === paragraph.text.length) this.#drop()
    else paragraph.text = paragraph.text.slice(0, -head.length - 1)
    const table = new Block('table')
    table.head = cellsOf(head)
    table.align = align
    this.#add(table)
    return true
  }

  #beginItem(paragraph: Block | null, cursor: Cursor, matched: number): Block | null {
    const { indent } = cursor
    const found = itemIn(cursor.words)
    if (!found || (paragraph && (found.empty || found.start !== 1))) return null
    this.#closeTo(matched)
    cursor.space()
    cursor.characters(found.length)
    const space = found.empty || cursor.indent > 4 ? 1 : cursor.indent
    cursor.columns(space)
    if (this.tip.kind === 'paragraph') this.#closeTip()
    if (this.tip.kind !== 'list' || this.tip.mark !== found.mark || this.tip.ordered !== found.ordered) {
      const list = new Block('list')
      list.mark = found.mark
      list.ordered = found.ordered
      list.start = found.start
      this.#add(list)
    }
    const item = new Block('item')
    item.indent = indent + found.length + space
    const task = taskIn(cursor.rest)
    if (task) {
      item.checked = task.checked
      cursor.characters(task.length)
    }
    return this.#add(item)
  }

  #beginFootnote(cursor: Cursor, matched: number): Block | null {
    const found = footnoteIn(cursor.words)
    if (!found) return null
    this.#closeTo(matched)
    const footnote = new Block('footnote')
    footnote.label = found.label
    this.#add(footnote)
    this.defined.push(footnote)
    cursor.space()
    cursor.characters(found.length)
    cursor.space()
    return footnote
  }

  #text(cursor: Cursor, matched: number, long: boolean): void {
    const words = cursor.words
    // A paragraph continues even if the marks of its containers are missing.
    if (matched < this.#open.length && this.tip.kind === 'paragraph') return this.#append(this.tip, words)
    this.#closeTo(matched)
    const { tip } = this
    if (tip.kind === 'paragraph') return this.#append(tip, words)
    if (tip.kind === 'table' && !long) {
      const row = new Block('row')
      row.cells = cellsOf(words, tip.align.length)
      row.align = tip.align
      this.#addWhole(row)
      return
    }
    const paragraph = new Block('paragraph')
    if (tip.kind === 'item' && tip.count === 0) paragraph.checked = tip.checked
    this.#append(this.#add(paragraph), words)
  }

  #add(block: Block): Block {
    while (!accepts(this.tip, block)) this.#closeTip()
    if (this.tip.count >= MOST_CHILDREN && this.tip !== this.document) this.#goOn(this.tip)
    const parent = this.tip
    parent.children.push(block)
    parent.count += 1
    if (block.kind === 'item' && !block.continued) parent.items += 1
    this.#open.push(block)
    this.#blocks += block.kind === 'code' ? BLOCKS_OF_CODE : 1
    return block
  }

  #addWhole(block: Block): true {
    this.#add(block)
    this.#closeTip()
    return true
  }

  /** Continue a full block in another one of the same kind. */
  #goOn(full: Block): Block {
    const next = new Block(full.kind)
    const { mark, ordered, indent, label, align } = full
    Object.assign(next, { mark, ordered, indent, label, align, continued: true, start: full.start + full.items })
    this.#closeTo(this.#open.indexOf(full))
    return this.#add(next)
  }

  #append(leaf: Block, text: string, before = '\n'): void {
    leaf.text += leaf.count > 0 ? before + text : text
    leaf.count += 1
    if (leaf.kind === 'code' || leaf.text.length <= PARAGRAPH_LENGTH) return
    let block = leaf.kind === 'math' ? this.#toParagraph(leaf) : leaf
    while (block.text.length > PARAGRAPH_LENGTH) {
      const at = cutIn(block.text)
      const rest = block.text.slice(/[ \n]/.test(block.text[at] ?? '') ? at + 1 : at)
      block.text = block.text.slice(0, at)
      block = this.#goOn(block)
      block.text = rest
      block.count = 1
    }
  }

  /** Turn a formula that isn't one into text. */
  #toParagraph(formula: Block): Block {
    this.#drop()
    const paragraph = new Block('paragraph')
    paragraph.text = formula.text
    paragraph.count = formula.count
    return this.#add(paragraph)
  }

  /** Remove the last block, because its text becomes another one. */
  #drop(): void {
    this.#open.pop()
    this.tip.children.pop()
    this.tip.count -= 1
  }

  #closeTip(): void {
    this.#closeTo(this.#open.length - 1)
  }

  #closeTo(length: number): void {
    while (this.#open.length > length) {
      const block = this.tip
      if (block.kind === 'math' && !block.whole) this.#toParagraph(block)
      const closed = this.#open.pop()
      if (closed === undefined) return
      closed.open = false
      this.#marks += closed.container || closed.kind === 'code' ? 0 : (closed.text.match(MARKS)?.length ?? 0)
    }
  }
}

function passQuote(cursor: Cursor): void {
  cursor.space()
  cursor.characters(1)
  cursor.columns(Math.min(1, cursor.indent))
}

function accepts(parent: Block, child: Block): boolean {
  if (!parent.container) return false
  return (parent.kind === 'list') === (child.kind === 'item') && (parent.kind === 'table') === (child.kind === 'row')
}

/** Where to split a text that is too long: before a space, or else within a word. */
function cutIn(text: string): number {
  const start = text.slice(0, PARAGRAPH_LENGTH)
  const space = Math.max(start.lastIndexOf(' '), start.lastIndexOf('\n'))
  if (space > PARAGRAPH_LENGTH / 2) return space
  return /[\uD800-\uDBFF]$/.test(start) ? PARAGRAPH_LENGTH - 1 : PARAGRAPH_LENGTH
}

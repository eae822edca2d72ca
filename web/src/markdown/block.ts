/** A block of Markdown: one element on the page. */
export type Kind =
  | 'document'
  | 'quote'
  | 'list'
  | 'item'
  | 'footnote'
  | 'table'
  | 'paragraph'
  | 'heading'
  | 'rule'
  | 'code'
  | 'html'
  | 'math'
  | 'definition'
  | 'row'
  | 'plain'

export type Align = 'left' | 'center' | 'right' | null

/** What a reference leads to. */
export interface Definition {
  label: string
  href: string
  title: string
}

const CONTAINERS = new Set<Kind>(['document', 'quote', 'list', 'item', 'footnote', 'table'])

/** What can change while the block is open. */
export class Block {
  open = true
  /** Of a container: those that are not settled. */
  children: Block[] = []
  /** Of a container: how many there were in all. */
  count = 0
  /** Of a leaf: its lines, without what their containers take. */
  text = ''
  /** It goes on from a block of its kind that became too long. */
  continued = false

  /** Of a list: the mark of its items. Of code: its fence. Of HTML: its end. Of a formula: its end. Of an alert: its kind. */
  mark = ''
  /** Of a list. */
  ordered = false
  start = 1
  /** Of a list: how many numbers were given. */
  items = 0
  /** Of an item: where its text begins. Of code: how far its fence is indented. */
  indent = 0
  /** Of a heading, from 1. */
  level = 1
  /** Of code: what stands behind its fence. */
  language = ''
  /** Of an item and its first paragraph: whether its box is checked; null: it has none. */
  checked: boolean | null = null
  /** Of a footnote. */
  label = ''
  definition: Definition | null = null
  /** Of a table. */
  head: string[] = []
  align: Align[] = []
  /** Of a row. */
  cells: string[] = []
  /** Of a formula: its end has come. */
  whole = false

  /** Where a container is shown, and the last of its nodes that will not change. */
  element: HTMLElement | null = null
  settled: ChildNode | null = null

  constructor(readonly kind: Kind) {}

  get container(): boolean {
    return CONTAINERS.has(this.kind)
  }
}

/** What a block was before a line that may still grow was read. */
export interface Remembered {
  block: Block
  state: Partial<Block>
}

export function remember(block: Block): Remembered {
  const { open, count, items, text, continued, mark, language, checked, whole } = block
  return {
    block,
    state: { open, count, items, text, continued, mark, language, checked, whole, children: block.children.slice() },
  }
}

export function restore({ block, state }: Remembered): void {
  Object.assign(block, state)
}

/** A block of Markdown, which becomes one element on the page. */
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

/** The target of a reference. */
export interface Definition {
  label: string
  href: string
  title: string
}

const CONTAINERS = new Set<Kind>(['document', 'quote', 'list', 'item', 'footnote', 'table'])

/** Properties that can change while the block is open. */
export class Block {
  open = true
  /** For a container: the blocks that are not settled. */
  children: Block[] = []
  /** For a container: the number of blocks in total. */
  count = 0
  /** For a leaf: its lines, without the marks of their containers. */
  text = ''
  /** It continues a block of the same kind that became too long. */
  continued = false

  /** For a list: the mark of its items. Code: its fence. HTML: its end. A formula: its end. An alert: its kind. */
  mark = ''
  /** For a list. */
  ordered = false
  start = 1
  /** For a list: the number of its items so far. */
  items = 0
  /** For an item: where its text starts. Code: how far its fence is indented. */
  indent = 0
  /** For a heading, from 1. */
  level = 1
  /** For code: the text after its fence. */
  language = ''
  /** For an item and its first paragraph: whether its box is checked; null if it has none. */
  checked: boolean | null = null
  /** For a footnote. */
  label = ''
  definition: Definition | null = null
  /** For a table. */
  head: string[] = []
  align: Align[] = []
  /** For a row. */
  cells: string[] = []
  /** For a formula: it is complete. */
  whole = false

  /** The element that shows a container, and the last of its nodes that will not change. */
  element: HTMLElement | null = null
  settled: ChildNode | null = null

  constructor(readonly kind: Kind) {}

  get container(): boolean {
    return CONTAINERS.has(this.kind)
  }
}

/** The state of a block before reading a line that may still grow. */
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

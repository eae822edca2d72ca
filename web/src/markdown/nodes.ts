import type { Block } from './block'
import { CodeBlock } from './code'
import { type Inline, type Parsed, parseInline, plain, wordsOf } from './inline'
import { MOST_LEVELS } from './limits'
import { formula } from './formulas'
import type { References } from './references'

/**
 * Blocks of Markdown as elements. Nothing is ever parsed as HTML, and the only attribute that comes from an answer is the address of a link
 * that is `http`, `https` or `mailto`, so there is nothing to sanitise.
 */

/** A leaf with its content, or the header of a table; `missing`: labels of references without a definition yet. */
export function leafOf(block: Block, references: References): { node: HTMLElement; missing: string[] } {
  const missing: string[] = []
  const parsed = (source: string): Inline[] => {
    const found: Parsed = parseInline(source, references)
    missing.push(...found.missing)
    return found.nodes
  }
  return { node: continued(block, leaf(block, parsed)), missing }
}

function leaf(block: Block, parsed: (source: string) => Inline[]): HTMLElement {
  switch (block.kind) {
    case 'heading':
      return heading(block, parsed(block.text))
    case 'rule':
      return element('hr', [])
    case 'code':
      return code(block)
    case 'math': {
      const tex = block.text.trim().slice(2)
      return formula(block.whole ? tex.slice(0, -2).trim() : tex.trim(), true, !block.whole)
    }
    case 'html':
    case 'plain':
      return classed('raw', element('p', inline(plain(block.text))))
    case 'definition':
      return definition(block)
    case 'table':
      return headOf(block, parsed)
    case 'row':
      return element('tr', cells(block, 'td', block.cells.map(parsed)))
    case 'paragraph':
    case 'document':
    case 'quote':
    case 'list':
    case 'item':
    case 'footnote': {
      const made = element('p', inline(parsed(block.text)))
      if (block.checked !== null) made.prepend(checkbox(block.checked))
      return made
    }
  }
}

/** A container with only its fixed nodes. */
export function shellOf(block: Block): HTMLElement {
  return continued(block, shell(block))
}

function shell(block: Block): HTMLElement {
  if (block.kind === 'list') {
    const made = directed(element(block.ordered ? 'ol' : 'ul', []))
    if (block.ordered && block.start !== 1) (made as HTMLOListElement).start = block.start
    return made
  }
  if (block.kind === 'item') return block.checked === null ? element('li', []) : classed('task', element('li', []))
  if (block.kind === 'footnote') {
    const label = classed('footnote-label', element('span', [document.createTextNode(`[${block.label}]`)]))
    return classed('footnote', element('div', block.continued ? [] : [label]))
  }
  return block.kind === 'table' ? table(block) : quote(block)
}

/** The parent element for a container's children, and the number of its fixed nodes. */
export function insideOf(block: Block, shell: HTMLElement): { parent: HTMLElement; before: ChildNode | null } {
  if (block.kind === 'table') return { parent: shell.querySelector('tbody') ?? shell, before: null }
  const fixed = block.continued ? false : block.kind === 'footnote' || (block.kind === 'quote' && block.mark !== '')
  return { parent: shell, before: fixed ? shell.firstChild : null }
}

function quote(block: Block): HTMLElement {
  const made = directed(element('blockquote', []))
  if (block.mark === '') return made
  made.classList.add('alert', block.mark)
  if (!block.continued) {
    const name = document.createTextNode((block.mark[0] ?? '').toUpperCase() + block.mark.slice(1))
    made.append(classed('alert-title', element('p', [name])))
  }
  return made
}

function classed(name: string, made: HTMLElement): HTMLElement {
  made.classList.add(name)
  return made
}

function continued(block: Block, made: HTMLElement): HTMLElement {
  return block.continued ? classed('continued', made) : made
}

/** HTML tags that are allowed in an answer, without attributes; all other HTML is shown as text. */
const PLAIN_TAGS = new Set([
  'b',
  'strong',
  'i',
  'em',
  'u',
  's',
  'del',
  'ins',
  'sub',
  'sup',
  'kbd',
  'mark',
  'small',
  'code',
  'q',
  'abbr',
])

/** `linked`: they are within a link, which can't contain another one. */
function nodeOf(node: Inline, linked: boolean): Node[] {
  switch (node.type) {
    case 'text':
      return [document.createTextNode(node.text)]
    case 'break':
      return [document.createElement('br')]
    case 'code':
      return [element('code', [document.createTextNode(node.text)])]
    case 'strong':
    case 'em':
    case 'del':
      return [element(node.type, inline(node.children, linked))]
    case 'link': {
      const children = inline(node.children, true)
      if (linked) return children
      // Without words there would be nothing to click.
      const named = children.some((each) => each.textContent?.trim())
      return [link(node.href, node.title, named ? children : [document.createTextNode(node.href)])]
    }
    case 'image': {
      // Nothing is loaded from other sites, so an image is shown as a link.
      const name = document.createTextNode(`Image: ${wordsOf(node.children) || node.href}`)
      return linked ? [name] : [link(node.href, node.title, [name])]
    }
    case 'footnote':
      return [classed('footnote-mark', element('sup', [document.createTextNode(`[${node.text}]`)]))]
    case 'math':
      return [formula(node.tex, node.display, false)]
    case 'html':
      return [document.createTextNode(node.text)]
  }
}

function element(name: string, children: readonly Node[]): HTMLElement {
  const made = document.createElement(name)
  for (const child of children) made.append(child)
  return made
}

/** The content of a line, with the few simple HTML tags as elements. */
function inline(nodes: readonly Inline[], linked = false): Node[] {
  const root: Node[] = []
  const open: { name: string; children: Node[] }[] = []
  const put = (...made: Node[]) => (open.at(-1)?.children ?? root).push(...made)
  const close = () => {
    const last = open.pop()
    if (last) put(element(last.name, last.children))
  }
  for (const node of nodes) {
    if (node.type !== 'html') {
      put(...nodeOf(node, linked))
      continue
    }
    const tag = /^<(\/?)([a-zA-Z]+)(?:\s[^>]*)?\/?>$/.exec(node.text)
    const name = tag?.[2]?.toLowerCase() ?? ''
    if (name === 'br') put(document.createElement('br'))
    else if (tag && PLAIN_TAGS.has(name) && tag[1] === '' && open.length < MOST_LEVELS)
      open.push({ name, children: [] })
    else if (tag?.[1] === '/' && open.some((each) => each.name === name)) {
      while (open.at(-1)?.name !== name) close()
      close()
    } else put(document.createTextNode(node.text))
  }
  while (open.length > 0) close()
  return root
}

/** One level below the lane's heading: answers skip levels, which would break the page's outline. */
function heading(block: Block, children: readonly Inline[]): HTMLElement {
  return classed(`level-${block.level}`, element('h3', inline(children)))
}

/** Indented code ends with its last line that is not blank. */
export function codeOf(block: Block): string {
  return block.mark === '' ? block.text.trimEnd() : block.text
}

function code(block: Block): HTMLElement {
  const made = new CodeBlock(block.language)
  made.set(codeOf(block), false)
  return made.element
}

/** Sources are shown where they were written, even if they are used as links. */
function definition(block: Block): HTMLElement {
  const found = block.definition
  if (!found) return element('p', [])
  const title = found.title === '' ? [] : [document.createTextNode(` ${found.title}`)]
  const label = document.createTextNode(`[${found.label}]: `)
  return classed(
    'definition',
    element('p', [label, link(found.href, '', [document.createTextNode(found.href)]), ...title]),
  )
}

function link(href: string, title: string, children: readonly Node[]): HTMLElement {
  const made = element('a', children) as HTMLAnchorElement
  made.href = href
  made.target = '_blank'
  made.rel = 'noopener noreferrer nofollow'
  if (title !== '') made.title = title
  return made
}

/** Bullets and bars are on the side where the text starts. */
function directed(made: HTMLElement): HTMLElement {
  made.dir = 'auto'
  return made
}

function checkbox(checked: boolean): HTMLElement {
  const made = document.createElement('span')
  made.className = 'checkbox'
  made.setAttribute('role', 'img')
  made.setAttribute('aria-label', checked ? 'Done' : 'To do')
  made.textContent = checked ? '☑' : '☐'
  return made
}

/** The header of a table. */
function headOf(block: Block, parsed: (source: string) => Inline[]): HTMLElement {
  return element('thead', [element('tr', cells(block, 'th', block.head.map(parsed)))])
}

function table(block: Block): HTMLElement {
  const parts = block.continued ? [] : [element('thead', [])]
  const scroller = classed('table', element('div', [directed(element('table', [...parts, element('tbody', [])]))]))
  scroller.tabIndex = 0
  scroller.setAttribute('role', 'group')
  scroller.setAttribute('aria-label', 'Table')
  return scroller
}

function cells(block: Block, name: 'th' | 'td', contents: readonly Inline[][]): HTMLElement[] {
  return contents.map((content, column) => {
    const made = element(name, inline(content))
    const align = block.align[column] ?? null
    return align === null ? made : classed(`to-${align}`, made)
  })
}

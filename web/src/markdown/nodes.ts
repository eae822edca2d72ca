import type { MarkedToken, Token, Tokens } from 'marked'
import { CodeBlock } from './code'
import { resolved } from './entities'
import { typeset } from './katex'
import type { MathToken } from './math'

/**
 * Tokens of Markdown as nodes. Nothing is ever parsed as HTML, and no attribute is taken from an answer but the address of a link that
 * is `http`, `https` or `mailto`: there is nothing left to sanitise.
 */
export function nodesOf(tokens: readonly Token[]): ChildNode[] {
  return tokens.flatMap((token) => nodeOf(token as MarkedToken | MathToken) ?? [])
}

/** HTML that may stand for itself in an answer; its attributes are dropped, and all other HTML is shown as the text that it is. */
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

function nodeOf(token: MarkedToken | MathToken): ChildNode | ChildNode[] | null {
  switch (token.type) {
    case 'space':
    case 'def':
      return null
    case 'paragraph':
      return element('p', inline(token.tokens))
    case 'text':
      return token.tokens ? inline(token.tokens) : text(token.text)
    case 'escape':
      return text(token.text)
    case 'heading':
      return heading(token)
    case 'hr':
      return element('hr', [])
    case 'br':
      return element('br', [])
    case 'blockquote':
      return directed(element('blockquote', nodesOf(token.tokens)))
    case 'code':
      return code(token)
    case 'codespan':
      return element('code', [document.createTextNode(token.text)])
    case 'strong':
      return element('strong', inline(token.tokens))
    case 'em':
      return element('em', inline(token.tokens))
    case 'del':
      return element('del', inline(token.tokens))
    case 'link':
      return link(token.href, token.title ?? null, inline(token.tokens))
    case 'image':
      // Nothing is loaded from elsewhere: an image is a link to it.
      return link(token.href, token.title, [document.createTextNode(`Image: ${token.text || token.href}`)])
    case 'list':
      return list(token)
    case 'list_item':
      return item(token)
    case 'checkbox':
      return checkbox(token.checked)
    case 'table':
      return table(token)
    case 'html':
      return token.block
        ? element('p', [document.createTextNode(token.text.trim())])
        : document.createTextNode(token.text)
    case 'math':
      return formula(token)
    default:
      return document.createTextNode((token as Token).raw)
  }
}

function element(name: string, children: readonly Node[]): HTMLElement {
  const made = document.createElement(name)
  made.append(...children)
  return made
}

function text(content: string): Text {
  return document.createTextNode(resolved(content))
}

/** Tokens of a line, with the few plain tags of HTML as what they mean. */
function inline(tokens: readonly Token[]): ChildNode[] {
  const root: ChildNode[] = []
  const open: { name: string; children: ChildNode[] }[] = []
  const put = (...nodes: ChildNode[]) => (open.at(-1)?.children ?? root).push(...nodes)
  const close = () => {
    const last = open.pop()
    if (last) put(element(last.name, last.children))
  }
  for (const token of tokens) {
    const tag = token.type === 'html' ? /^<(\/?)([a-zA-Z]+)(?:\s[^>]*)?\/?>$/.exec(token.raw) : null
    const name = tag?.[2]?.toLowerCase() ?? ''
    if (name === 'br') put(document.createElement('br'))
    else if (tag && PLAIN_TAGS.has(name)) {
      if (tag[1] === '') open.push({ name, children: [] })
      else if (open.some((each) => each.name === name)) {
        while (open.at(-1)?.name !== name) close()
        close()
      }
    } else put(...nodesOf([token]))
  }
  while (open.length > 0) close()
  return root
}

/** All one level below the lane's own heading: answers skip levels as they like, which would break the page's outline. */
function heading(token: Tokens.Heading): HTMLElement {
  const made = element('h3', inline(token.tokens))
  made.className = `level-${token.depth}`
  return made
}

function code(token: Tokens.Code): HTMLElement {
  const block = new CodeBlock(token.lang ?? '')
  block.set(token.text, false)
  return block.element
}

function link(address: string, title: string | null, children: readonly Node[]): HTMLElement {
  const safe = safeAddress(address)
  if (safe === null) return element('span', children)
  const made = element('a', children) as HTMLAnchorElement
  made.href = safe
  made.target = '_blank'
  made.rel = 'noopener noreferrer nofollow'
  if (title) made.title = resolved(title)
  return made
}

/** The address if it is one of the web or of mail, whole: what is relative would lead into this page. */
export function safeAddress(address: string): string | null {
  try {
    const url = new URL(resolved(address))
    return /^(https?|mailto):$/.test(url.protocol) ? url.href : null
  } catch {
    return null
  }
}

function list(token: Tokens.List): HTMLElement {
  const made = element(token.ordered ? 'ol' : 'ul', token.items.map(item))
  if (token.ordered && typeof token.start === 'number' && token.start !== 1)
    (made as HTMLOListElement).start = token.start
  return directed(made)
}

/** What stands beside its text, as bullets and bars do, is on the side where the text begins. */
function directed(made: HTMLElement): HTMLElement {
  made.dir = 'auto'
  return made
}

function item(token: Tokens.ListItem): HTMLElement {
  const made = element('li', nodesOf(token.tokens))
  if (token.task) made.className = 'task'
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

function table(token: Tokens.Table): HTMLElement {
  const row = (cells: readonly Tokens.TableCell[], name: 'th' | 'td') =>
    element(
      'tr',
      cells.map((cell) => {
        const made = element(name, inline(cell.tokens))
        if (cell.align) made.className = `to-${cell.align}`
        return made
      }),
    )
  const body = token.rows.map((cells) => row(cells, 'td'))
  const made = directed(element('table', [element('thead', [row(token.header, 'th')]), element('tbody', body)]))
  const scroller = element('div', [made])
  scroller.className = 'table'
  scroller.tabIndex = 0
  scroller.setAttribute('role', 'group')
  scroller.setAttribute('aria-label', 'Table')
  return scroller
}

const formulas = new WeakMap<Node, string>()

/** Which formula that element shows. */
export function formulaOf(node: Node): string | undefined {
  return formulas.get(node)
}

function formula({ tex, display, open }: MathToken): HTMLElement {
  const made = document.createElement(display ? 'div' : 'span')
  made.className = open ? 'math open' : 'math'
  if (display && !open) made.tabIndex = 0
  made.textContent = tex
  if (!open) formulas.set(made, tex)
  return made
}

/** Formulas that stay where they are put: to be typeset once they are on the page. */
export function typesetIn(node: Node): void {
  if (!(node instanceof HTMLElement)) return
  const found = node.classList.contains('math') ? [node] : node.querySelectorAll<HTMLElement>('.math:not(.set)')
  for (const each of found) {
    const tex = formulas.get(each)
    if (tex === undefined || each.classList.contains('set')) continue
    each.classList.add('set')
    typeset(each, tex, each.tagName === 'DIV')
  }
}

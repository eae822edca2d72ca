import type { Highlighter } from './languages'
import { later } from './later'

let loading: Promise<Highlighter> | null = null

/** Longer code stays plain: colouring it would hold up the page. */
const LONGEST = 30_000

/** Colours the text of `element`, code in `language`, soon. Languages are loaded when the first code comes. */
export function highlight(element: HTMLElement, code: string, language: string): void {
  if (language === '' || code.length > LONGEST) return
  loading ??= import('./languages')
  void loading
    .then((highlighter) =>
      later(element, () => {
        // It may have grown meanwhile; then the next time colours it.
        if (element.textContent !== code) return
        const tree = highlighter.parse(code, language)
        if (tree !== null) element.replaceChildren(...tree.map(coloured))
      }),
    )
    .catch(() => (loading = null))
}

interface Scope {
  scope?: string
  children: Part[]
}
export type Part = string | Scope

/** Nodes, never HTML: what a model wrote stays text whatever the highlighter makes of it. */
function coloured(part: Part): Node {
  if (typeof part === 'string') return document.createTextNode(part)
  const span = document.createElement('span')
  if (part.scope !== undefined) span.className = `hl-${part.scope.split('.')[0]}`
  span.append(...part.children.map(coloured))
  return span
}

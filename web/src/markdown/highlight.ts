import type { Coloured } from './languages'
import { later } from './later'

/** Longer code stays plain: so many parts of it would hold up the page. */
const LONGEST = 30_000

let worker: Worker | null = null
let count = 0
const asked = new Map<number, { element: HTMLElement; code: string }>()

/**
 * Colours `code`, with which the text of `element` begins, soon; what stands behind it stays plain. It is taken apart in a worker, which
 * is loaded when the first code comes: that takes tens of ms for what is long.
 */
export function highlight(element: HTMLElement, code: string, language: string): void {
  if (language === '' || code.length > LONGEST) return
  count += 1
  asked.set(count, { element, code })
  worker ??= start()
  worker.postMessage({ id: count, code, language })
}

function start(): Worker {
  const made = new Worker(new URL('./languages.ts', import.meta.url), { type: 'module' })
  made.onmessage = ({ data: { id, parts } }: MessageEvent<Coloured>) => {
    const found = asked.get(id)
    asked.delete(id)
    if (found && parts) later(found.element, () => colour(found.element, found.code, parts))
  }
  // It could not be loaded: what was asked for stays plain, and the next code tries again.
  made.onerror = () => {
    worker = null
    asked.clear()
  }
  return made
}

function colour(element: HTMLElement, code: string, parts: readonly Part[]): void {
  const text = element.textContent
  if (text.startsWith(code)) element.replaceChildren(...parts.map(coloured), text.slice(code.length))
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

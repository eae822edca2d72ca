import type { Coloured, Part } from './coloured'
import { later } from './later'

/** Longer code stays plain, and so does code with more or deeper parts, which would delay the page. */
const LONGEST = 30_000
const MOST_PARTS = 10_000
const MOST_LEVELS = 50

/** Code whose highlighting takes longer than this, in ms, stays plain. Most code takes a few ms. */
const LONGEST_MS = 3_000

interface Asked {
  id: number
  element: HTMLElement
  code: string
  language: string
}

let worker: Worker | null = null
let count = 0
const waiting: Asked[] = []
let asked: Asked | null = null
let timer: ReturnType<typeof setTimeout> | undefined

/**
 * Highlight `code`, with which the text of `element` starts, soon; the text after it stays plain. This is done in a worker, which is loaded
 * with the first code, since long code takes tens of ms. Code is highlighted one at a time; if a language's grammar doesn't terminate, the
 * worker is ended, and the next code gets a new one.
 */
export function highlight(element: HTMLElement, code: string, language: string): void {
  if (language === '' || code.length > LONGEST) return
  count += 1
  const same = waiting.findIndex((each) => each.element === element)
  if (same !== -1) waiting.splice(same, 1)
  waiting.push({ id: count, element, code, language })
  next()
}

function next(): void {
  if (asked !== null) return
  asked = waiting.shift() ?? null
  if (asked === null) return
  worker ??= start()
  const { id, code, language } = asked
  worker.postMessage({ id, code, language })
}

function over(): void {
  clearTimeout(timer)
  timer = undefined
  asked = null
}

function start(): Worker {
  const made = new Worker(new URL('./languages.ts', import.meta.url), { type: 'module' })
  const giveUp = () => {
    made.terminate()
    worker = null
    over()
  }
  made.onmessage = ({ data }: MessageEvent<Coloured | 'begun'>) => {
    // Loading the worker may take long, which is not the fault of the code.
    if (data === 'begun') timer = setTimeout(() => (giveUp(), next()), LONGEST_MS)
    else if (data.id === asked?.id) {
      const { element, code } = asked
      over()
      if (data.parts && size(data.parts, 0) <= MOST_PARTS) {
        const { parts } = data
        later(element, () => colour(element, code, parts))
      }
      next()
    }
  }
  // If loading fails, this code stays plain, and the next code tries again.
  made.onerror = () => {
    giveUp()
    waiting.length = 0
  }
  return made
}

/** The number of parts, including nested ones; infinite if they are too deep. */
function size(parts: readonly Part[], level: number): number {
  if (level > MOST_LEVELS) return Infinity
  return parts.reduce((sum, part) => sum + 1 + (typeof part === 'string' ? 0 : size(part.children, level + 1)), 0)
}

function colour(element: HTMLElement, code: string, parts: readonly Part[]): void {
  const text = element.textContent
  if (text.startsWith(code)) element.replaceChildren(...parts.map(coloured), text.slice(code.length))
}

/** Nodes, never HTML: a model's text stays text, whatever the highlighter returns. */
function coloured(part: Part): Node {
  if (typeof part === 'string') return document.createTextNode(part)
  const span = document.createElement('span')
  if (part.scope !== undefined) span.className = `hl-${part.scope.split('.')[0]}`
  span.append(...part.children.map(coloured))
  return span
}

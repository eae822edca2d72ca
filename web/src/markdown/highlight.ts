import type { Coloured, Part } from './coloured'
import { later } from './later'

/** Longer code stays plain, and so does what has more parts or deeper ones: so much of it would hold up the page. */
const LONGEST = 30_000
const MOST_PARTS = 10_000
const MOST_LEVELS = 50

/** Code that takes longer to take apart, in ms, stays plain. Most takes a few. */
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
 * Colours `code`, with which the text of `element` begins, soon; what stands behind it stays plain. It is taken apart in a worker, which
 * is loaded when the first code comes: that takes tens of ms for what is long. One at a time: code that a language can't come to an end
 * with ends its worker, and the next one gets a new one.
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
    // To load it may take long, which says nothing about the code.
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
  // It could not be loaded: what was asked for stays plain, and the next code tries again.
  made.onerror = () => {
    giveUp()
    waiting.length = 0
  }
  return made
}

/** How many parts these are, with all in them; infinite: they are too deep. */
function size(parts: readonly Part[], level: number): number {
  if (level > MOST_LEVELS) return Infinity
  return parts.reduce((sum, part) => sum + 1 + (typeof part === 'string' ? 0 : size(part.children, level + 1)), 0)
}

function colour(element: HTMLElement, code: string, parts: readonly Part[]): void {
  const text = element.textContent
  if (text.startsWith(code)) element.replaceChildren(...parts.map(coloured), text.slice(code.length))
}

/** Nodes, never HTML: what a model wrote stays text whatever the highlighter makes of it. */
function coloured(part: Part): Node {
  if (typeof part === 'string') return document.createTextNode(part)
  const span = document.createElement('span')
  if (part.scope !== undefined) span.className = `hl-${part.scope.split('.')[0]}`
  span.append(...part.children.map(coloured))
  return span
}

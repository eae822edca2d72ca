import { safeAddress } from './addresses'
import { matchAt } from './autolinks'
import type { References } from './references'

const POINTED = /<((?:[^<>\n\\]|\\[^\n])*)>/y
const SPACE = /\s*/y
const TITLE = /\s+("(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|\((?:[^()\\]|\\[^])*\))/y
const END = /\s*\)/y
const LABEL = /\[((?:[^\\[\]]|\\[^]){0,500})\]/y
const LONGEST_LABEL = 500
const MOST_BRACKETS = 32

interface Opening {
  /** The index of its piece. */
  piece: number
  /** The position after its mark. */
  at: number
  image: boolean
  /** A link around it would contain a link. */
  dead: boolean
  /** It contains brackets, which labels can't. */
  nested: boolean
}

/** The meaning of brackets: the index of the first piece, and the end. */
export interface Link {
  piece: number
  end: number
  image: boolean
  href: string
  title: string
  /** It is a reference to that footnote. */
  footnote?: string
  /** It is the number of a source, which keeps its brackets. */
  number?: boolean
}

/** The brackets of a text, which may form links. */
export class Brackets {
  readonly missing: string[] = []
  readonly #open: Opening[] = []

  constructor(
    readonly source: string,
    readonly references: References,
  ) {}

  open(piece: number, at: number, image: boolean): void {
    const around = this.#open.at(-1)
    if (around) around.nested = true
    this.#open.push({ piece, at, image, dead: false, nested: false })
  }

  /** The link that ends with the bracket at `at`; null if it is text. */
  close(at: number): Link | null {
    const opening = this.#open.pop()
    if (opening === undefined || opening.dead) return null
    const found = this.#inline(at) ?? this.#reference(opening, at)
    if (found === null) return null
    const link = { piece: opening.piece, image: opening.image, ...found }
    if (!link.image && link.footnote === undefined)
      for (let index = this.#open.length - 1; index >= 0; index--) {
        const around = this.#open[index]
        if (around === undefined || around.dead) break
        if (!around.image) around.dead = true
      }
    return link
  }

  #inline(at: number): Omit<Link, 'piece' | 'image'> | null {
    if (this.source[at + 1] !== '(') return null
    const start = at + 2 + (matchAt(SPACE, this.source, at + 2)?.[0].length ?? 0)
    const pointed = matchAt(POINTED, this.source, start)
    const behind = pointed ? start + pointed[0].length : destinationEnd(this.source, start)
    const title = matchAt(TITLE, this.source, behind)
    const end = matchAt(END, this.source, behind + (title?.[0].length ?? 0))
    const href = safeAddress(unescaped(pointed?.[1] ?? this.source.slice(start, behind)))
    if (!end || href === null) return null
    return { end: end.index + end[0].length, href, title: unescaped(title?.[1]?.slice(1, -1) ?? '') }
  }

  #reference(opening: Opening, at: number): Omit<Link, 'piece' | 'image'> | null {
    const text = this.source.slice(opening.at, at)
    if (text.startsWith('^') && !opening.image) {
      if (this.references.hasFootnote(text)) return { end: at + 1, href: '', title: '', footnote: text.slice(1) }
      if (text.length <= LONGEST_LABEL) this.missing.push(text)
      return null
    }
    const label = matchAt(LABEL, this.source, at + 1)
    const named = label?.[1]?.trim() ? label[1] : text
    if ((named === text && opening.nested) || named.length > LONGEST_LABEL || named.trim() === '') return null
    const definition = this.references.find(named)
    const end = label ? at + 1 + label[0].length : at + 1
    const number = !label && /^\d+$/.test(text)
    if (definition) return { end, href: definition.href, title: unescaped(definition.title), number }
    this.missing.push(named)
    return null
  }
}

/** The end of an address without `<>`; brackets in it must be paired. */
function destinationEnd(source: string, start: number): number {
  let open = 0
  let at = start
  for (; at < source.length && open <= MOST_BRACKETS; at++) {
    const character = source[at] ?? ''
    if (character === '\\' && /\S/.test(source[at + 1] ?? '')) at++
    else if (character === '(') open += 1
    else if (character === ')' && open-- === 0) break
    else if (/\s/.test(character)) break
  }
  return at
}

function unescaped(text: string): string {
  return text.replace(/\\([!-/:-@[-`{-~])/g, '$1')
}

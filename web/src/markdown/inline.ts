import { safeAddress } from './addresses'
import { angleAddressAt, mailAddressAt, matchAt, webAddressAt } from './autolinks'
import { emphasised, type Run, runOf } from './emphasis'
import { resolved } from './entities'
import { characterAt, characterBefore, flankingOf } from './flanking'
import { MOST_MARKS } from './limits'
import { Brackets } from './links'
import { formulaAt } from './math'
import type { References } from './references'

/** The content of a paragraph, a heading or a cell. */
export type Inline =
  | { type: 'text' | 'code' | 'html' | 'footnote'; text: string }
  | { type: 'break' }
  | { type: 'strong' | 'em' | 'del'; children: Inline[] }
  | { type: 'link' | 'image'; href: string; title: string; children: Inline[] }
  | { type: 'math'; tex: string; display: boolean }

export interface Parsed {
  nodes: Inline[]
  /** Labels of references without a definition yet. */
  missing: string[]
}

const MARK = /[\n\\`*_~[\]!<&$@]|https?:\/\/|www\./gi
const ENTITY = /&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z]\w{1,30});/y
const TAG =
  /<(?:\/[a-z][a-z\d-]*\s*|[a-z][a-z\d-]*(?:\s+[a-z_:][\w.:-]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*\s*\/?)>/iy
const ESCAPABLE = /[!-/:-@[-`{-~]/

/** Read the marks of `source`. If there are too many, it is text, since pairing them may take quadratic time. */
export function parseInline(source: string, references: References): Parsed {
  if (source.length > MOST_MARKS && (source.match(MARK)?.length ?? 0) > MOST_MARKS)
    return { nodes: plain(source), missing: [] }
  return new InlineParser(source, references).parse()
}

class InlineParser {
  readonly #pieces: (Inline | Run)[] = []
  readonly #brackets: Brackets
  #text = ''
  #at = 0

  constructor(
    readonly source: string,
    references: References,
  ) {
    this.#brackets = new Brackets(source, references)
  }

  parse(): Parsed {
    const { source } = this
    for (;;) {
      MARK.lastIndex = this.#at
      const found = MARK.exec(source)
      if (found === null) break
      this.#text += source.slice(this.#at, found.index)
      this.#at = found.index
      this.#mark(found[0])
    }
    this.#text += source.slice(this.#at)
    this.#flush(true)
    return { nodes: joined(emphasised(this.#pieces)), missing: this.#brackets.missing }
  }

  #mark(mark: string): void {
    switch (mark) {
      case '\n':
        this.#break()
        return
      case '\\':
        return this.#escape()
      case '`':
        return this.#code()
      case '*':
      case '_':
      case '~':
        return this.#run(mark)
      case '[':
        return this.#bracket(false)
      case '!':
        if (this.source[this.#at + 1] === '[') this.#bracket(true)
        else this.#take('!')
        return
      case ']':
        return this.#closeBracket()
      case '<':
        return this.#angle()
      case '&': {
        const entity = matchAt(ENTITY, this.source, this.#at)?.[0] ?? '&'
        this.#text += resolved(entity)
        this.#at += entity.length
        return
      }
      case '$':
        return this.#formula('$')
      case '@':
        return this.#mail()
      default:
        return this.#address(mark)
    }
  }

  /** Characters that are plain text. */
  #take(text: string): void {
    this.#text += text
    this.#at += text.length
  }

  #flush(end = false): void {
    const text = end ? this.#text.trimEnd() : this.#text
    if (text !== '') this.#pieces.push({ type: 'text', text })
    this.#text = ''
  }

  #put(piece: Inline | Run, length: number): void {
    this.#flush()
    this.#pieces.push(piece)
    this.#at += length
  }

  #break(): void {
    this.#text = this.#text.replace(/[ \t]+$/, '')
    this.#put({ type: 'break' }, 1)
  }

  #escape(): void {
    const next = this.source[this.#at + 1] ?? ''
    if ((next === '(' || next === '[') && formulaAt(this.source, this.#at)) return this.#formula('\\')
    if (next === '\n') this.#put({ type: 'break' }, 2)
    else if (ESCAPABLE.test(next)) {
      this.#text += next
      this.#at += 2
    } else this.#take('\\')
  }

  #code(): void {
    const run = /^`+/.exec(this.source.slice(this.#at))?.[0] ?? '`'
    const start = this.#at + run.length
    const end = runEnd(this.source, start, run.length)
    if (end === -1) return this.#take(run)
    const content = this.source.slice(start, end - run.length).replaceAll('\n', ' ')
    const text = /^ .* $/.test(content) && content.trim() !== '' ? content.slice(1, -1) : content
    this.#put({ type: 'code', text }, end - this.#at)
  }

  #run(mark: string): void {
    let end = this.#at
    while (this.source[end] === mark) end++
    const length = end - this.#at
    // A single tilde means "about", or a range.
    if (mark === '~' && length !== 2) return this.#take(mark.repeat(length))
    const flanking = flankingOf(mark, characterBefore(this.source, this.#at), characterAt(this.source, end))
    if (flanking.opens || flanking.closes) this.#put(runOf(mark, length, flanking), length)
    else this.#take(mark.repeat(length))
  }

  #bracket(image: boolean): void {
    this.#flush()
    const mark = image ? '![' : '['
    this.#at += mark.length
    this.#brackets.open(this.#pieces.length, this.#at, image)
    this.#pieces.push({ type: 'text', text: mark })
  }

  #closeBracket(): void {
    this.#flush()
    const found = this.#brackets.close(this.#at)
    if (found === null) return this.#take(']')
    const children = this.#pieces.splice(found.piece)
    if (found.footnote === undefined) {
      const { image, href, title, number } = found
      const inner = emphasised(children.slice(1))
      if (number) inner.splice(0, inner.length, { type: 'text', text: `[${wordsOf(inner)}]` })
      this.#pieces.push({ type: image ? 'image' : 'link', href, title, children: inner })
    } else this.#pieces.push({ type: 'footnote', text: found.footnote })
    this.#at = found.end
  }

  #angle(): void {
    const { source } = this
    const address = angleAddressAt(source, this.#at) || mailIn(source, this.#at)
    if (address !== '') {
      const href = address.includes(':') ? address : `mailto:${address}`
      if (safeAddress(href) !== null) return this.#put(link(href, address), address.length + 2)
    }
    const comment = source.startsWith('<!--', this.#at) ? source.indexOf('-->', this.#at + 4) : -1
    const html = comment === -1 ? matchAt(TAG, source, this.#at)?.[0] : source.slice(this.#at, comment + 3)
    if (html === undefined) this.#take('<')
    else this.#put({ type: 'html', text: html }, html.length)
  }

  #formula(mark: string): void {
    const found = formulaAt(this.source, this.#at)
    if (found) this.#put({ type: 'math', tex: found.tex, display: found.display }, found.length)
    else this.#take(this.source.startsWith('$$', this.#at) ? '$$' : mark)
  }

  #mail(): void {
    const found = mailAddressAt(this.source, this.#at, this.#text)
    if (!found) return this.#take('@')
    this.#text = this.#text.slice(0, -found.name.length)
    this.#put(link(`mailto:${found.name}${found.host}`, found.name + found.host), found.host.length)
  }

  #address(mark: string): void {
    const address = webAddressAt(this.source, this.#at)
    const href = /^www\./i.test(address) ? `http://${address}` : address
    if (address === '' || safeAddress(href) === null) this.#take(mark)
    else this.#put(link(href, address), address.length)
  }
}

function link(href: string, text: string): Inline {
  return { type: 'link', href, title: '', children: [{ type: 'text', text }] }
}

function mailIn(source: string, at: number): string {
  return matchAt(/<([\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)>/y, source, at)?.[1] ?? ''
}

/** The position after the next run of this many backticks; -1 if there is none. */
function runEnd(source: string, from: number, length: number): number {
  for (let at = source.indexOf('`', from); at !== -1;) {
    let end = at
    while (source[end] === '`') end++
    if (end - at === length) return end
    at = source.indexOf('`', end)
  }
  return -1
}

/** Their text without any marks. */
export function wordsOf(nodes: readonly Inline[]): string {
  return nodes.map((node) => ('children' in node ? wordsOf(node.children) : 'text' in node ? node.text : ' ')).join('')
}

/** Text with line breaks, without any marks. */
export function plain(source: string): Inline[] {
  return source
    .split('\n')
    .flatMap((line, index): Inline[] => [
      ...(index > 0 ? [{ type: 'break' } as const] : []),
      { type: 'text', text: line },
    ])
}

/** Combine adjacent texts. */
function joined(nodes: readonly Inline[]): Inline[] {
  const result: Inline[] = []
  for (const node of nodes) {
    const last = result.at(-1)
    if (node.type === 'text' && last?.type === 'text')
      result[result.length - 1] = { type: 'text', text: last.text + node.text }
    else result.push('children' in node ? { ...node, children: joined(node.children) } : node)
  }
  return result
}

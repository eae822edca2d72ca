import { safeAddress } from './addresses'
import { Block, type Definition } from './block'

/** Which block starts in a line of Markdown, after its leading white space. */

const RULE = /^(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/
const HEADING = /^(#{1,6})(?:[ \t]+|$)([^]*)$/
const FENCE = /^(`{3,}|~{3,})([^]*)$/
const ITEM = /^(?:([-+*])|(\d{1,9})([.)]))(?=[ \t]|$)/
const FOOTNOTE = /^\[\^([^\]\s]{1,100})\]:/
const ALERT = /^\[!(note|tip|important|warning|caution)\][ \t]*$/i
const TASK = /^\[([ xX])\][ \t]+(?=\S)/
const DEFINITION =
  /^\[((?:[^\\[\]]|\\[^]){1,300})\]:[ \t]*(?:<([^<>]*)>|(\S+))(?:[ \t]+("[^"]*"|'[^']*'|\([^()]*\)))?[ \t]*$/
const HTML =
  /^<(?:(script|pre|style|textarea)(?=[\s>]|$)|(!--)|\/?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|meta|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul)(?=[\s/>]|$))/i

/** The text after a fence must be short; otherwise it isn't a fence. */
const LONGEST_LANGUAGE = 200

export function isRule(words: string): boolean {
  return RULE.test(words)
}

/** 1 or 2 if the line turns the previous paragraph into a heading, otherwise 0. */
export function underlineLevel(words: string): number {
  return /^=+[ \t]*$/.test(words) ? 1 : /^-+[ \t]*$/.test(words) ? 2 : 0
}

export function headingIn(words: string): Block | null {
  const found = HEADING.exec(words)
  if (!found) return null
  const block = new Block('heading')
  block.level = found[1]?.length ?? 1
  block.text = (found[2] ?? '').replace(/(?:^|[ \t]+)#+[ \t]*$/, '')
  return block
}

/** `indent`: the indentation of the fence, which is removed from its lines. */
export function fenceIn(words: string, indent: number): Block | null {
  const [, mark = '', language = ''] = FENCE.exec(words) ?? []
  if (mark === '' || language.length > LONGEST_LANGUAGE || (mark.startsWith('`') && language.includes('`'))) return null
  const block = new Block('code')
  block.mark = mark
  block.language = language.trim()
  block.indent = indent
  return block
}

export function closesFence(mark: string, words: string): boolean {
  const end = words.trimEnd()
  return end.length >= mark.length && isRun(mark, end)
}

/** Whether this may become the end of a fence when the line continues. */
export function mayCloseFence(mark: string, words: string): boolean {
  return words !== '' && isRun(mark, words.trimEnd())
}

function isRun(mark: string, text: string): boolean {
  return text !== '' && text === (mark[0] ?? '').repeat(text.length)
}

export function htmlIn(words: string): Block | null {
  const found = HTML.exec(words)
  if (!found) return null
  const block = new Block('html')
  block.mark = found[1] !== undefined ? `</${found[1].toLowerCase()}>` : found[2] !== undefined ? '-->' : ''
  return block
}

/** A formula that fills the line, or starts in it. */
export function formulaIn(words: string): Block | null {
  const mark = words.startsWith('$$') ? '$$' : words.startsWith('\\[') ? '\\]' : ''
  if (mark === '') return null
  const end = words.indexOf(mark, 2)
  if (end === 2 || (end !== -1 && words.slice(end + 2).trim() !== '')) return null
  const block = new Block('math')
  block.mark = mark
  block.whole = end !== -1
  return block
}

export interface ItemStart {
  mark: string
  ordered: boolean
  start: number
  length: number
  /** Nothing follows. */
  empty: boolean
}

export function itemIn(words: string): ItemStart | null {
  const found = ITEM.exec(words)
  if (!found) return null
  const [marker, bullet, number, end] = found
  return {
    mark: bullet ?? end ?? '',
    ordered: bullet === undefined,
    start: Number(number ?? 1),
    length: marker.length,
    empty: words.slice(marker.length).trim() === '',
  }
}

/** The checkbox at the start of an item, and its length. */
export function taskIn(rest: string): { checked: boolean; length: number } | null {
  const found = TASK.exec(rest)
  return found && { checked: found[1] !== ' ', length: found[0].length }
}

export function footnoteIn(words: string): { label: string; length: number } | null {
  const found = FOOTNOTE.exec(words)
  return found && { label: found[1] ?? '', length: found[0].length }
}

/** The kind of the alert with which a quote starts. */
export function alertIn(words: string): string | null {
  return ALERT.exec(words)?.[1]?.toLowerCase() ?? null
}

/** Only definitions with a target; everything else in brackets is text. */
export function definitionIn(words: string): Definition | null {
  const [, label = '', pointed, plain, title = ''] = DEFINITION.exec(words) ?? []
  if (label.trim() === '' || label.startsWith('^')) return null
  const href = safeAddress(pointed ?? plain ?? '')
  return href === null ? null : { label, href, title: title.slice(1, -1) }
}

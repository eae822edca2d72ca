import { FORMULA_LENGTH } from './limits'

export interface Formula {
  tex: string
  display: boolean
  /** Its length including its marks. */
  length: number
}

/** The formula in a line that starts at `at` with `$` or a backslash. */
export function formulaAt(source: string, at: number): Formula | null {
  const mark = source.slice(at, at + 2)
  if (mark === '$$') return between(source, at + 2, '$$', true)
  if (mark === '\\(') return between(source, at + 2, '\\)', false)
  if (mark === '\\[') return between(source, at + 2, '\\]', true)
  if (mark.startsWith('$')) return single(source, at + 1)
  return null
}

function between(source: string, start: number, end: string, display: boolean): Formula | null {
  const found = source.slice(start, start + FORMULA_LENGTH).indexOf(end)
  if (found < 1) return null
  return { tex: source.slice(start, start + found).trim(), display, length: found + 4 }
}

function single(source: string, start: number): Formula | null {
  let end = start
  while (end < source.length && source[end] !== '$' && source[end] !== '\n') end += source[end] === '\\' ? 2 : 1
  const tex = source.slice(start, end)
  if (source[end] !== '$' || tex === '' || tex.length > FORMULA_LENGTH || tex.trim() !== tex) return null
  if (isMoney(tex) || /\d/.test(source[end + 1] ?? '')) return null
  return { tex, display: false, length: tex.length + 2 }
}

/** `$5, or 10$` is money. */
function isMoney(tex: string): boolean {
  return /^\d/.test(tex) && /\s/.test(tex) && !/[\\^_{}=+*/<>]/.test(tex)
}

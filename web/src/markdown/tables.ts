import type { Align } from './block'
import { MOST_COLUMNS } from './limits'

const DELIMITERS = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/

/** The columns of a table with the header `head` and `line` as its second line; null if it isn't a table. */
export function columnsOf(head: string, line: string): Align[] | null {
  if (!line.includes('|') || !DELIMITERS.test(line)) return null
  const cells = cellsOf(line)
  if (cells.length > MOST_COLUMNS || cells.length !== cellsOf(head).length) return null
  return cells.map((cell) => {
    const [left, right] = [cell.startsWith(':'), cell.endsWith(':')]
    return left && right ? 'center' : left ? 'left' : right ? 'right' : null
  })
}

/** The cells of a row. Those beyond `most` are added to the last one. */
export function cellsOf(line: string, most = MOST_COLUMNS + 1): string[] {
  const text = line.trim().replace(/^\|/, '')
  const cells: string[] = []
  let start = 0
  for (let at = 0; at < text.length && cells.length < most - 1; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '|') {
      cells.push(text.slice(start, at))
      start = at + 1
    }
  }
  const last = text.slice(start)
  // The bar at the end of a row doesn't start a cell.
  if (last.trim() !== '' || cells.length === 0) cells.push(last.replace(/(?<!\\)\|[ \t]*$/, ''))
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'))
}

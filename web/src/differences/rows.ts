/** A piece of text that both answers have, or only one. */
export interface Piece {
  of: 'both' | 'left' | 'right'
  text: string
}

export interface Comparison {
  pieces: Piece[]
  /** Some parts differ so much that they were not compared word by word. */
  rough: boolean
}

/** A line of both answers, or differing lines, shown side by side. */
export interface Row {
  pieces: Piece[]
  differs: boolean
}

/** Split where both have a line break. */
export function rowsOf(pieces: readonly Piece[]): Row[] {
  const rows: Row[] = []
  let row: Row = { pieces: [], differs: false }
  const end = () => {
    if (row.pieces.length > 0) rows.push(row)
    row = { pieces: [], differs: false }
  }
  for (const piece of pieces) {
    if (piece.of !== 'both') {
      row.pieces.push(piece)
      row.differs = true
      continue
    }
    for (const text of linesOf(piece.text)) {
      if (text !== '') row.pieces.push({ of: 'both', text })
      if (text.endsWith('\n')) end()
    }
  }
  end()
  return rows
}

/** The share of the text that both have, from 0 to 1, by letters and digits. */
export function common(pieces: readonly Piece[]): number {
  let both = 0
  let all = 0
  for (const { of, text } of pieces) {
    const size = text.replace(/[^\p{L}\p{N}]+/gu, '').length
    if (of === 'both') both += 2 * size
    all += of === 'both' ? 2 * size : size
  }
  return all === 0 ? 1 : both / all
}

/** Including their line breaks. */
export function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/)
}

/** A piece of text that both answers have, or one of them alone. */
export interface Piece {
  of: 'both' | 'left' | 'right'
  text: string
}

export interface Comparison {
  pieces: Piece[]
  /** Some parts differ so much that they were not compared by word. */
  rough: boolean
}

/** A line of both answers, or lines of them that differ: they stand beside each other. */
export interface Row {
  pieces: Piece[]
  differs: boolean
}

/** Broken where both have the end of a line. */
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

/** How much of the text both have: from 0 to 1, by letters and digits. */
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

/** With their ends. */
export function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/)
}

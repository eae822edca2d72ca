/** Where the reader left off in a list: the first session in sight, how far from the top, and how many had been loaded. */
export interface Place {
  session: string
  offset: number
  count: number
}

const STORED = 'playground.historyPlace'

/** Of the list at that address; null: at its beginning. For this tab only, and only the last list, so that it survives a reload. */
export function leftAt(address: string): Place | null {
  try {
    const [stored, place] = JSON.parse(sessionStorage.getItem(STORED) ?? '[null, null]') as [
      string | null,
      Place | null,
    ]
    return stored === address ? place : null
  } catch {
    return null
  }
}

export function leave(address: string, place: Place | null): void {
  try {
    sessionStorage.setItem(STORED, JSON.stringify([address, place]))
  } catch {
    // Storage that is full or switched off keeps nothing.
  }
}

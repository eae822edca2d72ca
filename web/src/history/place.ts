/** The reader's position in a list: the first visible session, its distance from the top, and how many were loaded. */
export interface Place {
  session: string
  offset: number
  count: number
}

const STORED = 'playground.historyPlace'

/** The position in the list at that URL; null: the start. Stored only for this tab and the last list, to survive a reload. */
export function savedPosition(address: string): Place | null {
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

export function savePosition(address: string, place: Place | null): void {
  try {
    sessionStorage.setItem(STORED, JSON.stringify([address, place]))
  } catch {
    // If storage is full or disabled, nothing is stored.
  }
}

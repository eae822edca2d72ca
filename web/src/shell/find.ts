/**
 * How well `text` matches the query; null: not at all. Every word must match: at the start of a word of the text, within one, or with its
 * letters in order. Lower is better.
 */
export function fit(text: string, typed: string): number | null {
  const name = text.toLowerCase()
  let worse = 0
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = name.indexOf(word)
    if (at === 0) continue
    if (at > 0) worse += /[\p{L}\p{N}]/u.test(name[at - 1] ?? '') ? 2 : 1
    else if (inOrder(name, word)) worse += 10
    else return null
  }
  return worse
}

function inOrder(name: string, letters: string): boolean {
  let at = -1
  return [...letters].every((letter) => (at = name.indexOf(letter, at + 1)) >= 0)
}

/** The matching items, best first; equal matches keep their order. */
export function fitting<T>(items: readonly T[], text: (item: T) => string, typed: string): T[] {
  return items
    .map((item) => ({ item, how: fit(text(item), typed) }))
    .filter((each): each is { item: T; how: number } => each.how !== null)
    .sort((one, other) => one.how - other.how)
    .map(({ item }) => item)
}

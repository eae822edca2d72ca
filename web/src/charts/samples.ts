export type Sample = readonly [milliseconds: number, count: number]

/** The number of tokens by then. */
export function tokensAt(samples: readonly Sample[], milliseconds: number): number {
  return samples.findLast(([when]) => when <= milliseconds)?.[1] ?? 0
}

/**
 * Convert counts of characters to tokens, from the final numbers of both. If they are unknown (null), a token is taken as four characters.
 */
export function inTokens(samples: readonly Sample[], tokens: number | null): Sample[] {
  const characters = samples.at(-1)?.[1] ?? 0
  const each = tokens === null || characters === 0 ? 0.25 : tokens / characters
  return samples.map(([when, count]) => [when, Math.round(count * each)])
}

/** A few different moments from the first to the last, for a table that is short enough to listen to. */
export function times(all: readonly number[], most = 10): number[] {
  const last = all.reduce((latest, each) => Math.max(latest, each), 0)
  if (last === 0) return all.length === 0 ? [] : [0]
  const rounded = Array.from({ length: most }, (_, index) => Math.round((last * (index + 1)) / most))
  return [...new Set(rounded)] // Fewer if everything arrived within some milliseconds.
}

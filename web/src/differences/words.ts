import { diffArrays, type ArrayChange } from 'diff'
import { linesOf, type Comparison, type Piece } from './rows'

/** How long a user is willing to wait. */
const TIMEOUT_MS = 3_000
/** Each passage gets this time, even if the total time is used up. */
const LEAST_MS = 5
/** Longer passages are compared word by word only within their lines. */
const PASSAGE_WORDS = 4_000

/** Scripts without spaces between words. */
const UNBROKEN = String.raw`\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}`
const LETTER = String.raw`[[\p{L}\p{M}\p{N}_]--[${UNBROKEN}]]`

/** Words, line breaks, runs of spaces, and all other characters one by one. */
const TOKENS = new RegExp(
  String.raw`(?<unbroken>[${UNBROKEN}]+)|${LETTER}+(?:['’]${LETTER}+)*|\n|[^\S\n]+|\p{RGI_Emoji}|[^]`,
  'gv',
)

/** It finds word boundaries in scripts without spaces. It would need seconds for all text. */
const dictionary = new Intl.Segmenter(undefined, { granularity: 'word' })

/**
 * Compare word by word, also in languages without spaces. The number of steps grows with the square of the number of differences, so texts
 * for which this takes too long are compared line by line, and only differing passages word by word.
 */
export function compare(left: string, right: string, timeoutMs = TIMEOUT_MS): Comparison {
  const whole = diffArrays(wordsOf(left), wordsOf(right), { timeout: timeoutMs })
  if (whole !== undefined) return { pieces: joined(piecesOf(whole)), rough: false }
  const lines = diffArrays(linesOf(left), linesOf(right), { timeout: timeoutMs })
  const deadline = performance.now() + timeoutMs
  let rough = false
  const byWord = (one: string, other: string): Piece[] => {
    const [before, after] = [wordsOf(one), wordsOf(other)]
    const short = before.length + after.length <= PASSAGE_WORDS
    const found = short
      ? diffArrays(before, after, { timeout: Math.max(deadline - performance.now(), LEAST_MS) })
      : undefined
    if (found !== undefined) return piecesOf(found)
    const [upper, lower] = [linesOf(one), linesOf(other)]
    // An equal number of lines is no accident: tables and code are like that.
    if (upper.length === lower.length && upper.length > 1) {
      return upper.flatMap((line, index) => byWord(line, lower[index] ?? ''))
    }
    rough = true
    return [
      { of: 'left', text: one },
      { of: 'right', text: other },
    ]
  }
  const differing = lines === undefined ? [{ left, right }] : passages(piecesOf(lines))
  const pieces = differing.flatMap((passage): Piece[] =>
    passage.both !== undefined ? [{ of: 'both', text: passage.both }] : byWord(passage.left, passage.right),
  )
  return { pieces: joined(pieces), rough }
}

function wordsOf(text: string): string[] {
  return Array.from(text.matchAll(TOKENS)).flatMap(({ 0: token, groups }) =>
    groups?.['unbroken'] === undefined ? token : Array.from(dictionary.segment(token), ({ segment }) => segment),
  )
}

function piecesOf(changes: ArrayChange<string>[]): Piece[] {
  return changes.map(({ value, added, removed }) => ({
    of: added ? 'right' : removed ? 'left' : 'both',
    text: value.join(''),
  }))
}

type Passage = { both: string } | { both?: undefined; left: string; right: string }

/** The differences between two common pieces, combined. */
function passages(pieces: readonly Piece[]): Passage[] {
  const found: Passage[] = []
  for (const { of, text } of pieces) {
    const last = found.at(-1)
    if (of === 'both') {
      if (last?.both !== undefined) last.both += text
      else found.push({ both: text })
    } else if (last !== undefined && last.both === undefined) last[of] += text
    else found.push({ left: '', right: '', [of]: text })
  }
  return found
}

/**
 * A space or a comma between two differing words doesn't count as common, so that a rewritten sentence reads as one piece. Adjacent pieces
 * of one side are combined, the left one first.
 */
function joined(pieces: readonly Piece[]): Piece[] {
  const all = passages(pieces)
  const found: Passage[] = []
  all.forEach((passage, index) => {
    const last = found.at(-1)
    if (last === undefined || last.both !== undefined) {
      found.push({ ...passage })
    } else if (passage.both === undefined) {
      last.left += passage.left
      last.right += passage.right
    } else if (last.left && last.right && index < all.length - 1 && !/[\p{L}\p{N}\n]/u.test(passage.both)) {
      last.left += passage.both
      last.right += passage.both
    } else {
      found.push({ ...passage })
    }
  })
  return found.flatMap((passage): Piece[] =>
    passage.both !== undefined
      ? [{ of: 'both', text: passage.both }]
      : [
          { of: 'left' as const, text: passage.left },
          { of: 'right' as const, text: passage.right },
        ].filter(({ text }) => text !== ''),
  )
}

/**
 * Whether emphasis can start or end at a run of marks: CommonMark's rule with an amendment for Chinese, Japanese and Korean, which are
 * written without spaces (markdown-cjk-friendly, commonmark-spec#650). Punctuation of these scripts counts as a letter, and a mark between
 * other punctuation and one of their characters counts as next to a space.
 */
const SPACE = /^\s$/u
const PUNCTUATION = /^[\p{P}\p{S}]$/u
const CJK =
  /^[\u1100-\u11FF\u20A9\u2329\u232A\u2E80-\u2FFF\u3001-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7FF\uF900-\uFAFF\uFE10-\uFE1F\uFE30-\uFE6F\uFF01-\uFFEE\u{16FE0}-\u{1B2FF}\u{1F200}-\u{1F2FF}\u{20000}-\u{3FFFF}]$/u

export interface Flanking {
  opens: boolean
  closes: boolean
}

/** `before` and `after`: the characters next to the run; empty at the ends of the text. */
export function flankingOf(mark: string, before: string, after: string): Flanking {
  const [spaceBefore, spaceAfter] = [before === '' || SPACE.test(before), after === '' || SPACE.test(after)]
  const [cjkBefore, cjkAfter] = [CJK.test(before), CJK.test(after)]
  const [signBefore, signAfter] = [PUNCTUATION.test(before), PUNCTUATION.test(after)]
  const left = !spaceAfter && (!signAfter || cjkAfter || spaceBefore || signBefore || cjkBefore)
  const right = !spaceBefore && (!signBefore || cjkBefore || spaceAfter || signAfter || cjkAfter)
  if (mark !== '_') return { opens: left, closes: right }
  return { opens: left && (!right || signBefore), closes: right && (!left || signAfter) }
}

/** The whole character that ends before `at`. */
export function characterBefore(text: string, at: number): string {
  const low = text.charCodeAt(at - 1)
  return text.slice(low >= 0xdc00 && low < 0xe000 ? at - 2 : Math.max(at - 1, 0), at)
}

/** The whole character that starts at `at`. */
export function characterAt(text: string, at: number): string {
  const point = text.codePointAt(at)
  return point === undefined ? '' : String.fromCodePoint(point)
}

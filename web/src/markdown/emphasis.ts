import type { Inline } from './inline'
import type { Flanking } from './flanking'
import { MOST_LEVELS } from './limits'

type Name = 'em' | 'strong' | 'del'

/** A run of `*`, `_` or `~~`, at which emphasis may start or end. */
export interface Run extends Flanking {
  type: 'run'
  mark: string
  length: number
  /** Its original length. */
  whole: number
  /** The emphasis that ends and starts at it, innermost first. */
  ends: number
  begins: Name[]
  /** The depth of the emphasis after it, up to the next open run. */
  depth: number
  place: number
}

export function runOf(mark: string, length: number, flanking: Flanking): Run {
  return { type: 'run', mark, length, whole: length, ends: 0, begins: [], depth: 0, place: 0, ...flanking }
}

/** Pair runs of marks to emphasis like CommonMark; unpaired marks are text. */
export function emphasised(pieces: readonly (Inline | Run)[]): Inline[] {
  pair(pieces.filter((piece): piece is Run => piece.type === 'run'))
  const root: Inline[] = []
  const open: { name: Name; children: Inline[] }[] = []
  const put = (piece: Inline) => (open.at(-1)?.children ?? root).push(piece)
  for (const piece of pieces) {
    if (piece.type !== 'run') {
      put(piece)
      continue
    }
    for (let ended = 0; ended < piece.ends; ended++) {
      const last = open.pop()
      if (last) put({ type: last.name, children: last.children })
    }
    if (piece.length > 0) put({ type: 'text', text: piece.mark.repeat(piece.length) })
    for (const name of piece.begins.toReversed()) open.push({ name, children: [] })
  }
  return root
}

function pair(runs: readonly Run[]): void {
  const open: Run[] = []
  /** For each kind of closing run: the position up to which no run can match it. */
  const bottoms = new Map<string, number>()
  runs.forEach((run, place) => {
    run.place = place
    if (run.closes) close(run, open, bottoms)
    if (run.opens && run.length > 0) open.push(run)
  })
}

function close(run: Run, open: Run[], bottoms: Map<string, number>): void {
  const kind = `${run.mark}${run.opens}${run.whole % 3}`
  while (run.length > 0) {
    let at = open.length - 1
    const bottom = bottoms.get(kind) ?? -1
    while (at >= 0 && (open[at]?.place ?? -1) > bottom && !match(open[at], run)) at--
    const opener = open[at]
    if (opener === undefined || opener.place <= bottom) {
      bottoms.set(kind, open.at(-1)?.place ?? -1)
      return
    }
    const depth = 1 + Math.max(...open.slice(at).map((each) => each.depth))
    if (depth > MOST_LEVELS) return
    const used = run.mark === '~' || (run.length >= 2 && opener.length >= 2) ? 2 : 1
    opener.begins.push(run.mark === '~' ? 'del' : used === 2 ? 'strong' : 'em')
    opener.length -= used
    run.length -= used
    run.ends += 1
    open.length = opener.length > 0 ? at + 1 : at
    const around = open.at(-1)
    if (around) around.depth = Math.max(around.depth, depth)
  }
}

function match(opener: Run | undefined, closer: Run): boolean {
  if (opener?.mark !== closer.mark) return false
  if (closer.mark === '~') return true
  // CommonMark's rule for a run that can both open and close (rules 9 and 10 of emphasis).
  const both = opener.closes || closer.opens
  return !both || (opener.whole + closer.whole) % 3 !== 0 || (opener.whole % 3 === 0 && closer.whole % 3 === 0)
}

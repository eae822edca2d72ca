import { warn } from './warning'

/** A view of text that grows faster than anyone can read. */
export interface Paintable {
  /** Whether it is on the screen. Others are painted when nothing else has to be done. */
  readonly seen: boolean
  /** Show the new text, until `deadline` (as `performance.now()`); true if all of it is shown. */
  paint(deadline: number): boolean
}

/** Our share of a frame's 16 ms; the browser's layout and paint need the rest. */
const BUDGET_MS = 5

/**
 * The time between two frames with changes. Each costs the browser some milliseconds, however little has changed, and readers don't notice
 * a difference to sixty per second.
 */
const BEAT_MS = 50
const FRAME_MS = 17

/** How often one column is painted, in ms. */
function pause(columns: number): number {
  return 50 + 6 * columns
}

/**
 * Paints all views: of the visible ones a part in each frame, those that waited longest first, so that no frame has much to do; the others
 * when nothing else has to be done. In a hidden tab there are no frames, and nothing is done.
 */
export class Painter {
  readonly #waiting = new Set<Paintable>()
  readonly #paintedAt = new WeakMap<Paintable, number>()
  #asked = false
  #beatAt = 0

  ask(paintable: Paintable): void {
    this.#waiting.add(paintable)
    this.#next(BEAT_MS)
  }

  forget(paintable: Paintable): void {
    this.#waiting.delete(paintable)
  }

  /** The next frame at least `after` ms after the last one. */
  #next(after: number): void {
    if (this.#asked) return
    this.#asked = true
    const wait = this.#beatAt + after - performance.now()
    const frame = () => requestAnimationFrame(() => this.#paint())
    // The frame itself is awaited too.
    if (wait > FRAME_MS) setTimeout(frame, wait - FRAME_MS / 2)
    else frame()
  }

  #paint(): void {
    this.#asked = false
    const now = (this.#beatAt = performance.now())
    const seen = [...this.#waiting].filter((each) => each.seen)
    let inTime = true
    for (const each of seen.length > 0 ? this.#due(seen, now) : [...this.#waiting]) {
      inTime = performance.now() < now + BUDGET_MS
      if (!inTime) break
      this.#waiting.delete(each)
      inTime = paintSafely(each, now + BUDGET_MS)
      if (inTime) this.#paintedAt.set(each, now)
      else this.#waiting.add(each)
    }
    // The rest is painted in the next frame.
    if (this.#waiting.size > 0) this.#next(inTime ? BEAT_MS : 0)
  }

  /** The visible views to paint now: those never painted, and enough of the others that all get their turn. */
  #due(seen: readonly Paintable[], now: number): Paintable[] {
    const wait = pause(seen.length)
    const fresh = seen.filter((each) => !this.#paintedAt.has(each))
    const due = seen
      .map((each) => ({ each, at: this.#paintedAt.get(each) ?? now }))
      .filter(({ at }) => now - at >= wait - FRAME_MS)
      .sort((one, other) => one.at - other.at)
      .slice(0, Math.ceil((seen.length * BEAT_MS) / wait))
    return [...fresh, ...due.map(({ each }) => each)]
  }
}

/** If one fails, it stays unchanged, and the others are still painted. */
function paintSafely(paintable: Paintable, deadline: number): boolean {
  try {
    return paintable.paint(deadline)
  } catch (error) {
    warn('Something could not be painted.', error)
    return true
  }
}

export const painter = new Painter()

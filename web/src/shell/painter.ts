import { warn } from './warning'

/** Something that follows text which grows faster than anybody reads. */
export interface Paintable {
  /** On the screen. What is not is painted when nothing else is to be done. */
  readonly seen: boolean
  /** Show what is new, until `deadline` (as `performance.now()`); true: all of it is shown. */
  paint(deadline: number): boolean
}

/** Of a frame's 16 ms, so much is ours; the browser's own layout and paint need the rest. */
const BUDGET_MS = 5

/**
 * Between two frames in which something is painted. Each costs the browser some milliseconds, however little has changed in it, and who
 * reads sees no difference to sixty a second.
 */
const BEAT_MS = 50
const FRAME_MS = 17

/** How often one column is painted, in ms. */
function pause(columns: number): number {
  return 50 + 6 * columns
}

/**
 * Paints all that wants to be painted: of what is seen a part at each beat, who waited longest first, so that no frame has much to do;
 * what is not seen, when nothing else is to be done. In a tab that nobody looks at there are no frames, and nothing is done.
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

  /** The next frame that is `after` ms behind the last one. */
  #next(after: number): void {
    if (this.#asked) return
    this.#asked = true
    const wait = this.#beatAt + after - performance.now()
    const frame = () => requestAnimationFrame(() => this.#paint())
    // The frame itself is waited for as well.
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
    // What is more than fits into one frame goes on in the next.
    if (this.#waiting.size > 0) this.#next(inTime ? BEAT_MS : 0)
  }

  /** Of what is seen, what is to be painted now: what never was, and of the rest so much that all have their turn. */
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

/** What fails to be painted is left as it is: everything else still has its turn. */
function paintSafely(paintable: Paintable, deadline: number): boolean {
  try {
    return paintable.paint(deadline)
  } catch (error) {
    warn('Something could not be painted.', error)
    return true
  }
}

export const painter = new Painter()

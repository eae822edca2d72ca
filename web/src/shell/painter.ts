/** Something that follows text which grows faster than anybody reads. */
export interface Paintable {
  /** On the screen. What is not is painted when nothing else is to be done. */
  readonly seen: boolean
  /** Show what is new, until `deadline` (as `performance.now()`); true: all of it is shown. */
  paint(deadline: number): boolean
}

/** Of a frame's 16 ms, so much is ours; the browser's own layout and paint need the rest. */
const BUDGET_MS = 8

/** How often text is painted, in ms: who reads sees no difference to sixty times a second, but a browser with sixteen columns does. */
function pause(columns: number): number {
  return 50 + 6 * columns
}

const FRAME_MS = 17

/**
 * Paints all that wants to be painted: of what is seen a part in each frame, who waited longest first, so that no frame has much to do;
 * what is not seen, when nothing else is to be done. In a tab that nobody looks at there are no frames, and nothing is done.
 */
class Painter {
  readonly #waiting = new Set<Paintable>()
  readonly #paintedAt = new WeakMap<Paintable, number>()
  #frame: number | null = null

  ask(paintable: Paintable): void {
    this.#waiting.add(paintable)
    this.#frame ??= requestAnimationFrame(() => this.#paint())
  }

  forget(paintable: Paintable): void {
    this.#waiting.delete(paintable)
  }

  #paint(): void {
    this.#frame = null
    const now = performance.now()
    const seen = [...this.#waiting].filter((each) => each.seen)
    const wait = pause(seen.length)
    const due = seen
      .map((each) => ({ each, at: this.#paintedAt.get(each) ?? 0 }))
      .filter(({ at }) => now - at >= wait)
      .sort((one, other) => one.at - other.at)
      .slice(0, Math.ceil((seen.length * FRAME_MS) / wait))
      .map(({ each }) => each)
    for (const each of seen.length > 0 ? due : [...this.#waiting]) {
      if (performance.now() > now + BUDGET_MS) break
      this.#waiting.delete(each)
      const whole = each.paint(now + BUDGET_MS)
      if (whole) this.#paintedAt.set(each, now)
      else this.#waiting.add(each)
    }
    if (this.#waiting.size > 0) this.#frame ??= requestAnimationFrame(() => this.#paint())
  }
}

export const painter = new Painter()

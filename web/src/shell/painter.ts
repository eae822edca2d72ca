/** Something that follows text which grows faster than anybody reads. */
export interface Paintable {
  /** On the screen. What is not is painted when nothing else is to be done. */
  readonly seen: boolean
  /** Show what is new, until `deadline` (as `performance.now()`); true: all of it is shown. */
  paint(deadline: number): boolean
  /** After all have painted: what reads the layout, such as scrolling. */
  settle(): void
}

/** Of a frame's 16 ms, so much is ours; the browser's own layout and paint need the rest. */
const BUDGET_MS = 6
/** Text that changes more often than so is not read any better. */
const EVERY_MS = 60

/**
 * Paints all that wants to be painted, once a frame, so many as there is time for: the one that waited longest first. In a tab that
 * nobody looks at there are no frames, and nothing is done.
 */
class Painter {
  readonly #waiting = new Map<Paintable, number>()
  readonly #paintedAt = new WeakMap<Paintable, number>()
  #frame: number | null = null

  ask(paintable: Paintable): void {
    if (!this.#waiting.has(paintable)) this.#waiting.set(paintable, this.#paintedAt.get(paintable) ?? 0)
    this.#frame ??= requestAnimationFrame(() => this.#paint())
  }

  forget(paintable: Paintable): void {
    this.#waiting.delete(paintable)
  }

  #paint(): void {
    this.#frame = null
    const now = performance.now()
    const deadline = now + BUDGET_MS
    const all = [...this.#waiting].sort(([, one], [, other]) => one - other).map(([paintable]) => paintable)
    const seen = all.filter((each) => each.seen)
    const due = seen.filter((each) => now - (this.#paintedAt.get(each) ?? 0) >= EVERY_MS)
    // Spread over the frames until they are due again, rather than all in one of them.
    const turn = due.slice(0, Math.max(1, Math.ceil((seen.length * 17) / EVERY_MS)))
    const painted = seen.length > 0 ? turn : all
    const settled: Paintable[] = []
    for (const each of painted) {
      if (performance.now() > deadline) break
      this.#waiting.delete(each)
      const whole = each.paint(deadline)
      this.#paintedAt.set(each, whole ? now : 0)
      if (!whole) this.#waiting.set(each, 0)
      settled.push(each)
    }
    for (const each of settled) each.settle()
    if (this.#waiting.size > 0) this.#frame ??= requestAnimationFrame(() => this.#paint())
  }
}

export const painter = new Painter()

/**
 * Keep the end of a growing column in view until the reader scrolls up, and again when the reader is back at the end. `onchange` is called
 * with the new state.
 */
export class Follow {
  holding: boolean
  #last = 0
  readonly #scrolled = () => this.#look()
  /** Called between the browser's layout and its painting, when scrolling costs nothing. */
  readonly #grown = new ResizeObserver(() => this.#settle())

  /** `scroller` has one child, which grows. */
  constructor(
    readonly scroller: HTMLElement,
    holding: boolean,
    readonly onchange: (holding: boolean) => void,
  ) {
    this.holding = holding
    scroller.addEventListener('scroll', this.#scrolled, { passive: true })
    if (scroller.firstElementChild) this.#grown.observe(scroller.firstElementChild)
    this.#grown.observe(scroller)
  }

  #settle(): void {
    if (!this.holding) return
    // More than the height: the browser finds the end without a layout.
    this.scroller.scrollTop = 1e9
    this.#last = this.scroller.scrollTop
  }

  /** Deferred, because scrolling all columns at once is a lot of work for the browser, which has to lay out the end of each. */
  hold(): void {
    waiting.add(this)
    if (waiting.size === 1) requestAnimationFrame(holdNext)
  }

  takeHold(): void {
    this.#set(true)
    this.#settle()
  }

  end(): void {
    waiting.delete(this)
    this.#grown.disconnect()
    this.scroller.removeEventListener('scroll', this.#scrolled)
  }

  #look(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller
    const atEnd = scrollHeight - scrollTop - clientHeight < 32
    if (atEnd) this.#set(true)
    else if (scrollTop < this.#last - 1) this.#set(false)
    this.#last = scrollTop
  }

  #set(holding: boolean): void {
    if (holding === this.holding) return
    this.holding = holding
    this.onchange(holding)
  }
}

const waiting = new Set<Follow>()

function holdNext(): void {
  const [next] = waiting
  if (next === undefined) return
  waiting.delete(next)
  next.takeHold()
  // What becomes visible is laid out in this frame and the next.
  if (waiting.size > 0) requestAnimationFrame(() => requestAnimationFrame(holdNext))
}

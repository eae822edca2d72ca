/** The time as `performance.now()`, updated four times per second while anything shows it. */
class Clock {
  #now = $state(performance.now())
  #readers = 0
  #timer: ReturnType<typeof setInterval> | undefined

  get now(): number {
    return this.#now
  }

  /** Run the clock until the returned function is called: `$effect(() => clock.run())`. */
  run(): () => void {
    this.#readers += 1
    if (this.#readers === 1) {
      this.#now = performance.now()
      this.#timer = setInterval(() => (this.#now = performance.now()), 250)
    }
    return () => {
      this.#readers -= 1
      if (this.#readers === 0) clearInterval(this.#timer)
    }
  }
}

export const clock = new Clock()

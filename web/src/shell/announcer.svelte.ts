/** Messages for screen readers, read when nothing else is being read. */
class Announcer {
  text = $state('')
  #waiting: string[] = []
  #timer: ReturnType<typeof setTimeout> | null = null

  /** Messages within a short time are combined. */
  say(text: string): void {
    if (text === '') return
    this.#waiting.push(text)
    this.#timer ??= setTimeout(() => {
      this.text = this.#waiting.join(' ')
      this.#waiting = []
      this.#timer = null
    }, 600)
  }
}

export const announcer = new Announcer()

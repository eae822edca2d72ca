/** What a screen reader says when it has nothing else to say. */
class Announcer {
  text = $state('')
  #waiting: string[] = []
  #timer: ReturnType<typeof setTimeout> | null = null

  /** Several messages within a moment are said as one. */
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

export interface Notice {
  id: number
  kind: 'plain' | 'bad'
  text: string
  action?: { title: string; run: () => void }
}

/** Small messages at the edge of the page. They disappear by themselves, except errors. */
class Notices {
  all = $state.raw<readonly Notice[]>([])
  #next = 1

  /** `durationMs`: how long it is shown. Returns a function that removes it. */
  show(
    text: string,
    { durationMs = 5_000, ...options }: Partial<Pick<Notice, 'kind' | 'action'>> & { durationMs?: number } = {},
  ): () => void {
    const notice: Notice = { id: this.#next++, kind: 'plain', text, ...options }
    this.all = [...this.all.filter((each) => each.text !== text), notice]
    const away = () => (this.all = this.all.filter((each) => each.id !== notice.id))
    if (notice.kind === 'plain') setTimeout(away, durationMs)
    return away
  }

  dismiss(notice: Notice): void {
    this.all = this.all.filter((each) => each !== notice)
  }
}

export const notices = new Notices()

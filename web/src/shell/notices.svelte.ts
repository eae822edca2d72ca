export interface Notice {
  id: number
  kind: 'plain' | 'bad'
  text: string
  action?: { title: string; run: () => void }
}

/** Small messages at the edge of the page. They go by themselves, but for those that tell of something bad. */
class Notices {
  all = $state.raw<readonly Notice[]>([])
  #next = 1

  /** `lasts`: in ms. Returns what takes the message away. */
  tell(
    text: string,
    { lasts = 5_000, ...options }: Partial<Pick<Notice, 'kind' | 'action'>> & { lasts?: number } = {},
  ): () => void {
    const notice: Notice = { id: this.#next++, kind: 'plain', text, ...options }
    this.all = [...this.all.filter((each) => each.text !== text), notice]
    const away = () => (this.all = this.all.filter((each) => each.id !== notice.id))
    if (notice.kind === 'plain') setTimeout(away, lasts)
    return away
  }

  dismiss(notice: Notice): void {
    this.all = this.all.filter((each) => each !== notice)
  }
}

export const notices = new Notices()

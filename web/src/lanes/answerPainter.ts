import { MarkdownView } from '../markdown/view'
import type { Answer } from '../session/answer.svelte'
import { type Paintable, painter } from '../shell/painter'

/** Shows one answer while it grows: its text, and its thinking while that is unfolded. */
export class AnswerPainter implements Paintable {
  seen = false
  #thinking: MarkdownView | null = null
  readonly #text: MarkdownView
  readonly #observer: IntersectionObserver

  constructor(
    readonly answer: Answer,
    root: HTMLElement,
  ) {
    this.#text = new MarkdownView(root)
    this.#observer = new IntersectionObserver(
      ([entry]) => {
        this.seen = entry?.isIntersecting ?? false
        if (this.seen) painter.ask(this)
      },
      { rootMargin: '400px' },
    )
    this.#observer.observe(root.parentElement ?? root)
    answer.grew = () => painter.ask(this)
    painter.ask(this)
  }

  /** Where the thinking is shown; null: it is folded, and costs nothing. */
  unfold(root: HTMLElement | null): void {
    this.#thinking = root === null ? null : new MarkdownView(root)
    if (root !== null) painter.ask(this)
  }

  paint(deadline: number): boolean {
    const { answer } = this
    let whole = true
    if (this.#thinking !== null) {
      this.#thinking.set(answer.reasoning, !answer.running || answer.text !== '')
      whole = this.#thinking.paint(deadline)
    }
    this.#text.set(answer.text, !answer.running)
    return this.#text.paint(deadline) && whole
  }

  end(): void {
    this.#observer.disconnect()
    painter.forget(this)
    this.answer.grew = null
  }
}

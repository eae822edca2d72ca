import type { Answer } from '../session/answer.svelte'
import { type Paintable, painter } from '../shell/painter'
import { TextView } from './textView'
import { watchSight } from './sight'

/** Shows one answer while it grows: its text, and its thinking while that is unfolded. */
export class AnswerPainter implements Paintable {
  seen = false
  #thinking: TextView | null = null
  readonly #text: TextView
  readonly #unwatch: () => void

  constructor(
    readonly answer: Answer,
    root: HTMLElement,
  ) {
    this.#text = new TextView(root)
    this.#unwatch = watchSight(root.parentElement ?? root, (seen) => {
      // It is told when the empty answer has been laid out: to fill it before would make one long task of both.
      this.seen = seen
      painter.ask(this)
    })
    answer.grew = () => painter.ask(this)
  }

  /** Where the thinking is shown; null: it is folded, and costs nothing. */
  unfold(root: HTMLElement | null): void {
    this.#thinking = root === null ? null : new TextView(root)
    if (root === null) return
    // Who unfolds it looks at it.
    this.seen = true
    painter.ask(this)
  }

  paint(deadline: number): boolean {
    const { answer } = this
    let whole = true
    if (this.#thinking !== null)
      whole = this.#thinking.paint(answer.reasoning, !answer.running || answer.text !== '', deadline)
    whole = this.#text.paint(answer.text, !answer.running, deadline) && whole
    // What will not change any more need not be watched: a long session has hundreds of them.
    if (whole && !answer.running) this.#unwatch()
    return whole
  }

  end(): void {
    this.#unwatch()
    painter.forget(this)
    this.answer.grew = null
  }
}

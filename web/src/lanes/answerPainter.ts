import type { Answer } from '../session/answer.svelte'
import { type Paintable, painter } from '../shell/painter'
import { TextView } from './textView'
import { watchSight } from './sight'

/** Shows one growing answer: its text, and its reasoning while that is expanded. */
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
      // Called after the empty answer has been laid out; filling it before would combine both in one long task.
      this.seen = seen
      painter.ask(this)
    })
    answer.grew = () => painter.ask(this)
  }

  /** The element for the reasoning; null if it is collapsed and costs nothing. */
  unfold(root: HTMLElement | null): void {
    this.#thinking = root === null ? null : new TextView(root)
    if (root === null) return
    // If it is expanded, it is being looked at.
    this.seen = true
    painter.ask(this)
  }

  paint(deadline: number): boolean {
    const { answer } = this
    let whole = true
    if (this.#thinking !== null)
      whole = this.#thinking.paint(answer.reasoning, !answer.running || answer.text !== '', deadline)
    whole = this.#text.paint(answer.text, !answer.running, deadline) && whole
    // Finished answers don't have to be observed: a long session has hundreds of them.
    if (whole && !answer.running) this.#unwatch()
    return whole
  }

  end(): void {
    this.#unwatch()
    painter.forget(this)
    this.answer.grew = null
  }
}

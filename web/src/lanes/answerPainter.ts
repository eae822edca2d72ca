import { MarkdownView } from '../markdown/view'
import type { Answer } from '../session/answer.svelte'
import { type Paintable, painter } from '../shell/painter'
import { warn } from '../shell/warning'
import { PlainView } from './plainView'
import { watchSight } from './sight'

/** Shows a text as Markdown, or as it is when that fails. */
class TextView {
  #view: MarkdownView | PlainView

  constructor(readonly root: HTMLElement) {
    this.#view = new MarkdownView(root)
  }

  /** `text`: all that has come; `finished`: that is all. True: all of it is shown. */
  paint(text: string, finished: boolean, deadline: number): boolean {
    try {
      this.#view.set(text, finished)
      return this.#view.paint(deadline)
    } catch (error) {
      if (this.#view instanceof PlainView) throw error
      warn('An answer is shown as plain text, since its Markdown could not be shown.', error)
      this.#view = new PlainView(this.root)
      this.#view.set(text)
      return this.#view.paint(deadline)
    }
  }
}

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

import { MarkdownView } from '../markdown/view'
import { warn } from '../shell/warning'
import { PlainView } from './plainView'

/** Shows a text as Markdown, or as plain text if that fails. */
export class TextView {
  #view: MarkdownView | PlainView

  constructor(readonly root: HTMLElement) {
    this.#view = new MarkdownView(root)
  }

  /** `text`: all text so far; `finished`: it is complete. True if all of it is shown. */
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

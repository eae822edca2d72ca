import type katexModule from 'katex'
import { later } from './later'

/** KaTeX, loaded with the first formula. */
type Katex = typeof katexModule

let loading: Promise<Katex> | null = null

/** Typeset the formula in `element`, which shows its TeX, soon. If KaTeX can't read it, it stays TeX. */
export function typeset(element: HTMLElement, tex: string, display: boolean): void {
  loading ??= Promise.all([import('katex'), import('katex/dist/katex.min.css')]).then(([loaded]) => loaded.default)
  void loading.then((katex) => later(element, () => render(katex, element, tex, display))).catch(() => (loading = null))
}

function render(katex: Katex, element: HTMLElement, tex: string, display: boolean): void {
  try {
    // Limits, because a short formula can create millions of boxes, or a box of a kilometre.
    katex.render(tex, element, {
      displayMode: display,
      throwOnError: true,
      trust: false,
      maxSize: 20,
      maxExpand: 200,
      strict: 'ignore',
    })
  } catch {
    element.textContent = tex
    element.classList.add('unread')
  }
}

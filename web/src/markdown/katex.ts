import type katexModule from 'katex'
import { later } from './later'

/** KaTeX, loaded when the first formula comes. */
type Katex = typeof katexModule

let loading: Promise<Katex> | null = null

/** Makes `element`, which shows its TeX, show the formula, soon. What KaTeX can't read stays TeX. */
export function typeset(element: HTMLElement, tex: string, display: boolean): void {
  loading ??= Promise.all([import('katex'), import('katex/dist/katex.min.css')]).then(([loaded]) => loaded.default)
  void loading.then((katex) => later(element, () => render(katex, element, tex, display))).catch(() => (loading = null))
}

function render(katex: Katex, element: HTMLElement, tex: string, display: boolean): void {
  try {
    // Limits: a formula of a few letters can ask for millions of boxes, or for a box of a kilometre.
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

import type katexModule from 'katex'

/** KaTeX, loaded when the first formula comes. */
type Katex = typeof katexModule

let katex: Katex | null = null
let loading: Promise<void> | null = null

/** Makes `element`, which shows its TeX, show the formula. What KaTeX can't read stays TeX. */
export function typeset(element: HTMLElement, tex: string, display: boolean): void {
  if (katex === null) {
    loading ??= Promise.all([import('katex'), import('katex/dist/katex.min.css')]).then(([loaded]) => {
      katex = loaded.default
    })
    void loading.then(() => typeset(element, tex, display)).catch(() => (loading = null))
    return
  }
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

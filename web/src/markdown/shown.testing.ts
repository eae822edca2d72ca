import { vi } from 'vitest'
import { MarkdownView } from './view'

// Workers exist only in browsers; here, code stays plain.
vi.stubGlobal(
  'Worker',
  class {
    postMessage() {
      return undefined
    }
  },
)

/** The result of showing a text that arrives in these pieces. */
export function shown(pieces: readonly string[]): string {
  const root = document.createElement('div')
  const view = new MarkdownView(root)
  let text = ''
  for (const piece of pieces) {
    text += piece
    view.set(text, false)
    while (!view.paint(Infinity));
  }
  view.set(text, true)
  while (!view.paint(Infinity));
  // Colours and formulas appear when their libraries have been loaded, at a different time in each run.
  for (const each of root.querySelectorAll('code, .math')) each.replaceChildren(each.textContent)
  return root.innerHTML
}

/** The same as a tree that can be queried. */
export function shownTree(text: string): HTMLElement {
  const root = document.createElement('div')
  root.innerHTML = shown([text])
  return root
}

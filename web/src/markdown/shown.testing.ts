import { vi } from 'vitest'
import { MarkdownView } from './view'

// There are none outside of browsers; code stays plain then.
vi.stubGlobal(
  'Worker',
  class {
    postMessage() {
      return undefined
    }
  },
)

/** What is shown of a text that comes in these pieces. */
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
  // Colours and formulas come when their libraries are loaded, which differs from run to run.
  for (const each of root.querySelectorAll('code, .math')) each.replaceChildren(each.textContent)
  return root.innerHTML
}

/** The same as a tree that can be asked. */
export function shownTree(text: string): HTMLElement {
  const root = document.createElement('div')
  root.innerHTML = shown([text])
  return root
}

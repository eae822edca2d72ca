import { typeset } from './katex'
import { FORMULA_LENGTH, MOST_COMMANDS, MOST_FORMULAS, MOST_GROUPS } from './limits'

const formulas = new WeakMap<Node, string>()

/** The formula that this element shows. */
export function formulaOf(node: Node): string | undefined {
  return formulas.get(node)
}

export function formula(tex: string, display: boolean, open: boolean): HTMLElement {
  const made = document.createElement(display ? 'div' : 'span')
  made.className = open ? 'math open' : 'math'
  if (display && !open) made.tabIndex = 0
  made.textContent = tex
  if (!open) formulas.set(made, tex)
  return made
}

/** The formulas of one answer, which are typeset when their position is final; beyond a limit they stay TeX. */
export class Formulas {
  #count = 0

  typesetIn(node: Node): void {
    if (!(node instanceof HTMLElement)) return
    const found = node.classList.contains('math') ? [node] : node.querySelectorAll<HTMLElement>('.math:not(.set)')
    for (const each of found) {
      const tex = formulas.get(each)
      if (tex === undefined || each.classList.contains('set')) continue
      each.classList.add('set')
      this.#count += 1
      if (this.#count > MOST_FORMULAS || !isSmall(tex)) each.classList.add('unread')
      else typeset(each, tex, each.tagName === 'DIV')
    }
  }
}

/** Whether KaTeX can typeset it within a few ms. */
function isSmall(tex: string): boolean {
  if (tex.length > FORMULA_LENGTH || (tex.match(/\\[a-z]+|\\\\|[&^_]/gi)?.length ?? 0) > MOST_COMMANDS) return false
  let [depth, deepest] = [0, 0]
  for (const sign of tex.match(/[{}]|\\left|\\right|\\begin|\\end/g) ?? []) {
    depth += sign === '{' || sign === '\\left' || sign === '\\begin' ? 1 : -1
    deepest = Math.max(deepest, depth)
  }
  return deepest <= MOST_GROUPS
}

import { codeBlock } from './code'
import { formulaOf } from './formulas'

/**
 * Change the children of `parent` after `after` (all of them if null) to match `wanted`, with as few changes as possible, so that equal
 * nodes stay in place, with the reader's selection and scroll position. Returns the current nodes.
 */
export function morph(parent: Node, after: ChildNode | null, wanted: readonly ChildNode[]): ChildNode[] {
  let next = after === null ? parent.firstChild : after.nextSibling
  const there = wanted.map((node) => {
    const old = next
    next = next?.nextSibling ?? null
    return place(parent, old, node)
  })
  while (next !== null) {
    const extra: ChildNode = next
    next = next.nextSibling
    extra.remove()
  }
  return there
}

/** Replace `old` by `wanted` (append if null), or change `old` to match it. Returns the node that is now there. */
export function place<Wanted extends ChildNode>(parent: Node, old: ChildNode | null, wanted: Wanted): Wanted {
  if (old === null) return parent.appendChild(wanted)
  // An adapted node has the same class.
  if (adapt(old, wanted)) return old as unknown as Wanted
  parent.replaceChild(wanted, old)
  return wanted
}

/** Whether `old` can be reused for `wanted`, regardless of their contents. */
export function alike(old: ChildNode | null, wanted: HTMLElement): old is HTMLElement {
  if (!(old instanceof HTMLElement) || old.nodeName !== wanted.nodeName || old.className !== wanted.className)
    return false
  return !(old instanceof HTMLOListElement) || old.start === (wanted as HTMLOListElement).start
}

/** Change `old` to match `wanted`; false if that isn't possible. */
function adapt(old: ChildNode, wanted: ChildNode): boolean {
  if (old instanceof Text && wanted instanceof Text) {
    if (wanted.data !== old.data) {
      if (wanted.data.startsWith(old.data)) old.appendData(wanted.data.slice(old.data.length))
      else old.data = wanted.data
    }
    return true
  }
  if (!(old instanceof HTMLElement && wanted instanceof HTMLElement) || old.nodeName !== wanted.nodeName) return false
  const [oldCode, wantedCode] = [codeBlock(old), codeBlock(wanted)]
  if (oldCode || wantedCode) {
    if (!oldCode || !wantedCode || oldCode.language !== wantedCode.language) return false
    oldCode.set(wantedCode.text, false)
    return true
  }
  if (formulaOf(old) !== formulaOf(wanted)) return false
  if (formulaOf(old) !== undefined) return true
  if (!alike(old, wanted) || old.getAttribute('href') !== wanted.getAttribute('href')) return false
  if (old.title !== wanted.title) old.title = wanted.title
  morph(old, null, Array.from(wanted.childNodes))
  return true
}

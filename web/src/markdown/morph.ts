import { codeBlock } from './code'
import { formulaOf } from './nodes'

/**
 * Makes the children of `parent` behind `after` (all of them, if that is null) be like `wanted`, with as few changes as there are: what
 * is the same stays in place, with the reader's selection and scrolling in it. Gives the nodes that are there now.
 */
export function morph(parent: Node, after: ChildNode | null, wanted: readonly ChildNode[]): ChildNode[] {
  let next = after === null ? parent.firstChild : after.nextSibling
  const there = wanted.map((node) => {
    const old = next
    next = next?.nextSibling ?? null
    if (old === null) return parent.appendChild(node)
    if (adapt(old, node)) return old
    parent.replaceChild(node, old)
    return node
  })
  while (next !== null) {
    const extra: ChildNode = next
    next = next.nextSibling
    extra.remove()
  }
  return there
}

/** Makes `old` like `wanted`; false: it can't become that. */
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
  if (old.className !== wanted.className || old.getAttribute('href') !== wanted.getAttribute('href')) return false
  if (old instanceof HTMLOListElement && old.start !== (wanted as HTMLOListElement).start) return false
  if (old.title !== wanted.title) old.title = wanted.title
  morph(old, null, Array.from(wanted.childNodes))
  return true
}

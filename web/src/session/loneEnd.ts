const LONE_END = /<\/think>[ \t]*(?:\r?\n|$)\s*/

/**
 * The thinking before a `</think>` that no `<think>` began, and the answer behind it: the service keeps an answer so once it is over
 * (`part_at_lone_end` in `playground/providers/answer/think_tags.py`), and a live one is to look as when it is loaded again.
 */
export function partAtLoneEnd(text: string): [thinking: string, answer: string] {
  const end = LONE_END.exec(text)
  if (end === null) return ['', text]
  const before = text.slice(0, end.index)
  const quoted = /[`"']$/.test(before) || (before.match(/```/g) ?? []).length % 2 === 1
  if (quoted || before.includes('<think>')) return ['', text]
  return [before, text.slice(end.index + end[0].length)]
}

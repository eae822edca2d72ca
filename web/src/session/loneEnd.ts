const LONE_END = /<\/think>[ \t]*(?:\r?\n|$)\s*/

/**
 * The reasoning before a `</think>` without a `<think>`, and the answer after it. The service stores finished answers this way
 * (`part_at_lone_end` in `playground/providers/answer/think_tags.py`), and a live answer should look the same as a loaded one.
 */
export function partAtLoneEnd(text: string): [thinking: string, answer: string] {
  const end = LONE_END.exec(text)
  if (end === null) return ['', text]
  const before = text.slice(0, end.index)
  const quoted = /[`"']$/.test(before) || (before.match(/```/g) ?? []).length % 2 === 1
  if (quoted || before.includes('<think>')) return ['', text]
  return [before, text.slice(end.index + end[0].length)]
}

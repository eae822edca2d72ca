/** Bare addresses in a text. */
const WEB = /(?:https?:\/\/|www\.)[^\s<>[\]"`|\u3000-\u303F\uFF00-\uFF0F\uFF1A-\uFF20“”‘’…—]+/iy
const ANGLE = /<((?:https?:\/\/|mailto:)[^\s<>]+)>/iy
const MAIL_AFTER = /@[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)+/iy
const MAIL_BEFORE = /[a-z\d.+_-]+$/i
const LONGEST_NAME = 64

/** The web address at `at`, without the punctuation of the sentence around it; empty if there is none. */
export function webAddressAt(source: string, at: number): string {
  if (/[a-z\d]/i.test(source[at - 1] ?? '')) return ''
  const found = matchAt(WEB, source, at)?.[0] ?? ''
  let surplus = count(found, ')') - count(found, '(')
  let end = found.length
  for (; end > 0; end--) {
    const last = found[end - 1] ?? ''
    // An unmatched closing bracket belongs to the sentence.
    if (last === ')' && surplus > 0) surplus -= 1
    else if (!"?!.,:*_~';".includes(last)) break
  }
  const address = found.slice(0, end)
  return /^(?:https?:\/\/|www\.)[^.]/i.test(address) ? address : ''
}

/** The address in `<...>` at `at`. */
export function angleAddressAt(source: string, at: number): string {
  return matchAt(ANGLE, source, at)?.[1] ?? ''
}

/** The mail address whose `@` is at `at`; `before`: the text before it. */
export function mailAddressAt(source: string, at: number, before: string): { name: string; host: string } | null {
  const name = MAIL_BEFORE.exec(before.slice(-LONGEST_NAME))?.[0]
  const host = name === undefined ? undefined : matchAt(MAIL_AFTER, source, at)?.[0]
  return name === undefined || host === undefined ? null : { name, host }
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}

export function matchAt(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(source)
}

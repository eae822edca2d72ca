/** What a screen reader says of one go: longer, and the next would be behind it for long. */
const MOST = 600
/** With its marks. */
const LONGEST = 10_000

/** A line that is over, or a sentence in the middle of one. */
const END = /[.!?:;。！？…]["'”’)\]]*(?=\s)|\n/g

/** Reads a growing answer out in whole sentences, without the marks of Markdown; what is too much at once is passed over. */
export class Reading {
  #read: number

  /** From `start` on: what was written before somebody listened is not read. */
  constructor(start: number) {
    this.#read = start
  }

  /** What has come in whole sentences since the last time; with `finished`, all that has. Empty: nothing yet. */
  next(text: string, finished: boolean): string {
    const come = text.slice(this.#read)
    const end = finished ? come.length : lastEnd(come)
    this.#read += end
    const said = spoken(come.slice(0, Math.min(end, LONGEST)))
    return said.length > MOST ? `${said.slice(0, said.lastIndexOf(' ', MOST))} …` : said
  }
}

function lastEnd(text: string): number {
  let end = 0
  for (const match of text.matchAll(END)) end = match.index + match[0].length
  return end
}

/** Markdown as it is said. */
function spoken(text: string): string {
  return text
    .replace(/^ {0,3}(`{3,}|~{3,})[^\n]*$/gm, '')
    .replace(/^[ \t]*([-*+]|#{1,6}|>)[ \t]+/gm, '')
    .replace(/^[ \t|:-]+$/gm, '')
    .replace(/!?\[([^[\]]*)\]\([^()]*\)/g, '$1')
    .replace(/[*`|]|__|~~/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The longest text to read at once; with longer ones, the reader would fall behind. */
const MOST = 600
/** The longest text with its Markdown. */
const LONGEST = 10_000

/** A finished line, or a sentence within one. */
const END = /[.!?:;。！？…]["'”’)\]]*(?=\s)|\n/g

/** Reads a growing answer out in whole sentences, without Markdown; skips text if there is too much at once. */
export class ReadAloud {
  #read: number

  /** Starts at `start`: earlier text is not read out. */
  constructor(start: number) {
    this.#read = start
  }

  /** The whole sentences since the last call; with `finished`, all remaining text. Empty if there is nothing yet. */
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

/** Markdown as spoken text. */
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

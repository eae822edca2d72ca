/** One message of an event stream. */
export interface SseMessage {
  id: string
  data: string
}

/**
 * Reads server-sent events piece by piece (HTML standard, 9.2.6): lines end at LF, CR or CRLF and nowhere else, a message at an empty line.
 * An incomplete line waits for the next piece.
 */
export class SseParser {
  /** The reconnection time that the service requests, in ms. */
  retry: number | null = null

  #rest = ''
  #data: string[] = []
  #id = ''
  #first = true

  /** The messages that `piece` completes. */
  feed(piece: string): SseMessage[] {
    const messages: SseMessage[] = []
    let text = this.#rest + piece
    if (this.#first && text !== '') {
      this.#first = false
      if (text.startsWith('\uFEFF')) text = text.slice(1)
    }
    let start = 0
    // Our events use only LF and are numerous, so other line breaks are searched only if there are any.
    if (!text.includes('\r')) {
      for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
        this.#line(text.slice(start, end), messages)
        start = end + 1
      }
      this.#rest = text.slice(start)
      return messages
    }
    for (;;) {
      const end = endOfLine(text, start)
      // A CR at the end may be half of a CRLF.
      if (end === -1 || (text[end] === '\r' && end === text.length - 1)) break
      this.#line(text.slice(start, end), messages)
      start = end + (text[end] === '\r' && text[end + 1] === '\n' ? 2 : 1)
    }
    this.#rest = text.slice(start)
    return messages
  }

  #line(line: string, messages: SseMessage[]): void {
    if (line === '') {
      if (this.#data.length > 0) messages.push({ id: this.#id, data: this.#data.join('\n') })
      this.#data = []
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (field === 'data') this.#data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.#id = value
    else if (field === 'retry' && /^\d+$/.test(value)) this.retry = Number(value)
  }
}

function endOfLine(text: string, start: number): number {
  const lf = text.indexOf('\n', start)
  const cr = text.indexOf('\r', start)
  return lf === -1 || (cr !== -1 && cr < lf) ? cr : lf
}

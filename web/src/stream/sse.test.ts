import { describe, expect, it } from 'vitest'
import { SseParser } from './sse'

const TEXT = 'retry: 1000\n: ping\n\nid: run:1\ndata: {"a":1}\n\nid: run:2\ndata: b\u2028c\u0085d 😀\n\n'

function fed(pieces: string[]) {
  const parser = new SseParser()
  return pieces.flatMap((piece) => parser.feed(piece))
}

describe('SseParser', () => {
  it('gives the messages with their ids', () => {
    expect(fed([TEXT])).toEqual([
      { id: 'run:1', data: '{"a":1}' },
      { id: 'run:2', data: 'b\u2028c\u0085d 😀' },
    ])
  })

  it.each(['\n', '\r', '\r\n'])('gives the same wherever the pieces are cut, with lines ending in %j', (end) => {
    const text = TEXT.replaceAll('\n', end)
    // A trailing CR waits for a possible LF, which the next line shows.
    const whole = fed([text, ':'])
    expect(whole).toHaveLength(2)
    for (let cut = 0; cut <= text.length; cut++) {
      expect(fed([text.slice(0, cut), text.slice(cut), ':'])).toEqual(whole)
    }
    expect(fed([...text, ':'])).toEqual(whole)
  })

  it('joins several lines of data, and takes off one space', () => {
    expect(fed(['data:  a\ndata\ndata:b\n\n'])).toEqual([{ id: '', data: ' a\n\nb' }])
  })

  it('gives nothing for a message without data, and keeps its id for the next', () => {
    expect(fed(['id: 7\n\ndata: x\n\n'])).toEqual([{ id: '7', data: 'x' }])
  })

  it('leaves a message out that was not ended', () => {
    expect(fed(['data: half'])).toEqual([])
  })

  it('reads the time before a reconnection, and passes over the mark of UTF-8', () => {
    const parser = new SseParser()
    expect(parser.feed('\uFEFFretry: 250\n\n')).toEqual([])
    expect(parser.retry).toBe(250)
    parser.feed('retry: soon\n')
    expect(parser.retry).toBe(250)
  })
})

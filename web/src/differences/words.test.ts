import { describe, expect, it } from 'vitest'
import { common, rowsOf, type Piece } from './rows'
import { compare } from './words'

const side = (pieces: readonly Piece[], which: 'left' | 'right') =>
  pieces
    .filter(({ of }) => of === 'both' || of === which)
    .map(({ text }) => text)
    .join('')

const short = (pieces: readonly Piece[]) =>
  pieces.map(({ of, text }) => (of === 'both' ? text : of === 'left' ? `[-${text}-]` : `{+${text}+}`)).join('')

describe('two answers', () => {
  it('are compared by word', () => {
    const { pieces } = compare('A cook calls a smaller cook.', 'A cook calls the same cook.')
    expect(short(pieces)).toBe('A cook calls [-a smaller-]{+the same+} cook.')
  })

  it('are compared by word in languages that put no blanks between them', () => {
    const { pieces } = compare('我喜欢苹果', '我喜欢香蕉')
    expect(short(pieces)).toBe('我喜欢[-苹果-]{+香蕉+}')
  })

  it('are as they were on each side, whatever is in them', () => {
    const left = 'one\n\ntwo  three, four\n- five 👩‍👩‍👧 six\n'
    const right = 'one\ntwo three; four\n\n* five 👩‍👧 seven'
    for (const [one, other] of [
      [left, right],
      [left, ''],
      ['', right],
    ] as const) {
      for (const { pieces } of [compare(one, other), compare(one, other, -1)]) {
        expect([side(pieces, 'left'), side(pieces, 'right')]).toEqual([one, other])
      }
    }
    expect(compare('', '').pieces).toEqual([])
  })

  it('that are long and have nothing in common are not waited for', () => {
    const text = (word: string) =>
      Array.from({ length: 20_000 }, (_, number) => `${word}${(number * 7919) % 20_011}`).join(' ')
    const began = performance.now()
    const found = compare(`${text('a')}\nthe same\n`, `${text('b')}\nthe same\n`, 50)
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(found.rough).toBe(true)
    expect(side(found.pieces, 'left')).toBe(`${text('a')}\nthe same\n`)
    expect(found.pieces.at(-1)).toEqual({ of: 'both', text: 'the same\n' })
  })
})

describe('long answers', () => {
  it('with as many lines are compared line by line', () => {
    const text = (word: string) =>
      Array.from({ length: 2_000 }, (_, line) => `Line ${line} has ${word}${(line * 7919) % 1009} in it.\n`).join('')
    const { pieces, rough } = compare(text('x'), text('y'), 500)
    expect(rough).toBe(false)
    expect(short(pieces.slice(0, 4))).toBe('Line 0 has [-x0-]{+y0+} in it.\nLine 1 has ')
  })
})

describe('rows', () => {
  it('end where both answers end a line', () => {
    const rows = rowsOf(compare('same\nold line\nend', 'same\nnew line\nmore\nend').pieces)
    expect(rows.map(({ differs, pieces }) => [differs, short(pieces)])).toEqual([
      [false, 'same\n'],
      [true, '[-old-]{+new+} line\n'],
      [true, '{+more\n+}end'],
    ])
  })
})

describe('what both have', () => {
  it('is a part of both texts', () => {
    expect(common(compare('same words', 'same words').pieces)).toBe(1)
    expect(common(compare('abcd', 'efgh').pieces)).toBe(0)
    expect(common(compare('abcd efgh', 'abcd ijkl').pieces)).toBe(0.5)
    expect(common([])).toBe(1)
  })
})

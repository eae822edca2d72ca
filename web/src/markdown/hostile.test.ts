import { describe, expect, it } from 'vitest'
import { Blocks } from './blocks'
import { parseInline } from './inline'
import { BLOCKS_OF_CODE, MOST_BLOCKS, MOST_LEVELS } from './limits'
import { References } from './references'
import { shownTree } from './shown.testing'
import { MarkdownView } from './view'

function deepest(root: Element): number {
  let [level, depth] = [[...root.children], 0]
  for (; level.length > 0; depth++) level = level.flatMap((each) => [...each.children])
  return depth
}

/** Reads a whole text without showing it. */
function read(text: string): void {
  const blocks = new Blocks()
  const references = new References()
  for (const line of text.split('\n')) {
    blocks.line(line)
    references.define(blocks.defined.splice(0))
  }
  blocks.finish()
  for (const rest = [blocks.document]; rest.length > 0;) {
    const block = rest.pop()
    if (block?.kind === 'paragraph') parseInline(block.text, references)
    for (const cell of block?.cells ?? []) parseInline(cell, references)
    rest.push(...(block?.children ?? []))
  }
}

describe('a hostile answer', () => {
  it.each([
    '>'.repeat(2_000),
    '- '.repeat(1_500),
    '- '.repeat(3_000),
    '> - '.repeat(2_000),
    '1. '.repeat(2_000),
    '[^a]: '.repeat(2_000),
    '*a **b '.repeat(2_000),
    `${'*'.repeat(4_000)}a${'*'.repeat(4_000)} `,
    '<b>'.repeat(900),
    '!['.repeat(900),
    Array.from({ length: 300 }, (_, level) => `${'  '.repeat(level)}- a`).join('\n'),
  ])('has at most so many levels, and what is deeper is text', (start) => {
    const root = shownTree(`${start}deep\n\nThe end.`)
    expect(deepest(root)).toBeLessThan(3 * MOST_LEVELS)
    expect(root.textContent).toContain('deep')
    expect(root.textContent.endsWith('The end.')).toBe(true)
  })

  it('has at most so many blocks of code, and what follows them is text', () => {
    const root = shownTree(`${'```\nq\n```\n'.repeat(4_000)}\nThe end.`)
    expect(root.querySelectorAll('pre').length).toBeLessThanOrEqual(MOST_BLOCKS / BLOCKS_OF_CODE + 1)
    expect(root.textContent.split('q').length - 1).toBe(4_000)
    expect(root.textContent.endsWith('The end.')).toBe(true)
  })

  it.each([
    ['emphasis', '*a'],
    ['strong', '**a '],
    ['brackets', '['],
    ['ends of brackets', ']'],
    ['images', '!['],
    ['links', '[a]('],
    ['titles', '[a](b "'],
    ['references', '[a]'],
    ['angles', '<'],
    ['tags', '<a b '],
    ['comments', '<!--'],
    ['entities', '&'],
    ['backticks', '` `` '],
    ['tildes', '~~a'],
    ['dollars', '$a '],
    ['backslashes', '\\('],
    ['addresses', 'https://'],
    ['mail', 'a@'],
    ['spaces', '   a'],
    ['rows', '|a'],
  ])('is read in time that grows as it does: %s', (_, piece) => {
    const timeFor = (length: number) => {
      const text = piece.repeat(Math.ceil(length / piece.length))
      const start = performance.now()
      read(text)
      return performance.now() - start
    }
    timeFor(50_000)
    // With four times the text, sixteen times the time would be quadratic. On a busy machine, times may be off by a factor.
    const fastest = (length: number) => Math.min(...Array.from({ length: 3 }, () => timeFor(length)))
    expect(fastest(200_000)).toBeLessThan(10 * fastest(50_000) + 100)
  })

  it('is painted in steps', () => {
    const view = new MarkdownView(document.createElement('div'))
    view.set('- an item of *many*\n'.repeat(10_000), true)
    let steps = 1
    for (; !view.paint(0); steps++);
    expect(steps).toBeGreaterThan(50)
  })
})

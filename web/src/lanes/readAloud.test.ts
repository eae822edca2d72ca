import { describe, expect, it } from 'vitest'
import { ReadAloud } from './readAloud'

describe('ReadAloud', () => {
  it('says whole sentences, each once', () => {
    const reading = new ReadAloud(0)
    expect(reading.next('The sea is', false)).toBe('')
    expect(reading.next('The sea is wide. It', false)).toBe('The sea is wide.')
    expect(reading.next('The sea is wide. It is 3.5 km deep.', false)).toBe('')
    expect(reading.next('The sea is wide. It is 3.5 km deep.', true)).toBe('It is 3.5 km deep.')
  })

  it('starts where the user starts to listen', () => {
    expect(new ReadAloud(4).next('One. Two.\n', false)).toBe('Two.')
  })

  it('leaves the marks of Markdown out', () => {
    const text =
      '## Of *ships*\n\n- **One** [port](https://example.org)\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n\n```python\nx = `1`\n```\n'
    expect(new ReadAloud(0).next(text, true)).toBe('Of ships One port a b 1 2 x = 1')
  })

  it('passes over what is too much at once', () => {
    const reading = new ReadAloud(0)
    const said = reading.next('word '.repeat(1_000) + '\n', false)
    expect(said.length).toBeLessThan(610)
    expect(said).toMatch(/word …$/)
    expect(reading.next('word '.repeat(1_000) + '\nOn.\n', false)).toBe('On.')
  })
})

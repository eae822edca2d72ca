import { describe, expect, it } from 'vitest'
import { estimatedTokens } from './estimatedTokens'

describe('tokens of a text', () => {
  // Counted with `o200k_base`.
  it.each([
    ['It was the best of times, it was the worst of times, it was the age of wisdom.', 21],
    ['人人生而自由，在尊严和权利上一律平等。', 15],
    ['def fibonacci(n: int) -> int:\n    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)\n', 31],
  ])('are about as many as a tokenizer finds: %s', (text, tokens) => {
    expect(estimatedTokens(text) / tokens).toBeGreaterThan(0.65)
    expect(estimatedTokens(text) / tokens).toBeLessThan(1.35)
  })

  it('are the same however the text is cut into pieces', () => {
    const text = 'Größe 猫 🙂 and more'
    const pieces = [...Array(text.length).keys()].map((index) => estimatedTokens(text.charAt(index)))
    expect(pieces.reduce((sum, each) => sum + each, 0)).toBeCloseTo(estimatedTokens(text))
    expect(estimatedTokens('')).toBe(0)
  })
})

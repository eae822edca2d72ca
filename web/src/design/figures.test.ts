import { describe, expect, it } from 'vitest'
import { count, counted, duration, rate, rough, wholeSeconds } from './figures'
import { dollars, sum } from './money'

describe('money', () => {
  it('is added exactly', () => {
    expect(sum(['0.1', '0.2'])).toBe('0.3')
    expect(sum(['0.0000001', '12', '0.00000015'])).toBe('12.00000025')
    expect(sum(['1E-7', '0'])).toBe('0.0000001')
    expect(sum([])).toBe('0')
  })

  it.each([
    ['0', '$0'],
    ['0.0000000001', '<$0.000001'],
    ['0.000012345', '$0.0000123'],
    ['0.0098', '$0.0098'],
    ['0.5', '$0.50'],
    ['1234.5', '$1,234.50'],
  ])('%s is shown as %s', (amount, shown) => {
    expect(dollars(amount)).toBe(shown)
  })
})

describe('figures', () => {
  it('agree with what they count', () => {
    expect([counted(0, 'answer'), counted(1, 'answer'), counted(2000, 'answer')]).toEqual([
      '0 answers',
      '1 answer',
      '2,000 answers',
    ])
  })

  it('are short', () => {
    expect([count(12345), rough(999), rough(128000), rough(1_000_000), rough(1500)]).toEqual([
      '12,345',
      '999',
      '128k',
      '1M',
      '1.5k',
    ])
    expect([duration(240.4), duration(3120), duration(125_000)]).toEqual(['240 ms', '3.1 s', '2:05 min'])
    expect([wholeSeconds(300), wholeSeconds(19_300), wholeSeconds(125_400)]).toEqual(['0 s', '19 s', '2:05 min'])
    expect([rate(149.6), rate(45.25)]).toEqual(['150 tok/s', '45.3 tok/s'])
  })
})

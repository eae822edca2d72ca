import { describe, expect, it } from 'vitest'
import { addressOf, filterOf, narrows, queryOf } from './filter'

const read = (query: string) => filterOf(new URLSearchParams(query))

describe('the filter of the history', () => {
  it('is read from the address, and written to it', () => {
    const query = 'q=a+%26+b&model=sim%2Fquick&status=failed&from=2026-11-01&to=2026-11-21'
    expect(addressOf(read(query))).toBe(`/history?${query}`)
    expect(addressOf(read(''))).toBe('/history')
    expect([narrows(read(query)), narrows(read(''))]).toEqual([true, false])
  })

  it('leaves out what it does not know', () => {
    expect(narrows(read('status=odd&from=yesterday&to=2026-99-99&colour=red'))).toBe(false)
  })

  it('takes whole days, the last one with its evening', () => {
    const { from, to } = queryOf(read('from=2026-11-21&to=2026-11-21'))
    expect(Date.parse(to ?? '') - Date.parse(from ?? '')).toBe(86_400_000)
    expect(queryOf(read(''))).toEqual({})
  })
})

import { describe, expect, it } from 'vitest'
import { byDay, dayOf, daysAfter, dayTitle, isDay, shortDay } from './days'

describe('days', () => {
  it('are those of the time zone', () => {
    const moment = '2026-11-20T23:30:00.000Z'
    expect(dayOf(moment, 'UTC')).toBe('2026-11-20')
    expect(dayOf(moment, 'Europe/Vienna')).toBe('2026-11-21')
    expect(dayOf(moment, 'America/Los_Angeles')).toBe('2026-11-20')
    expect(dayOf('2026-11-20T10:30:00Z', 'Pacific/Kiritimati')).toBe('2026-11-21')
  })

  it('group what lies next to each other, in its order', () => {
    const items = ['2026-11-21T22:59:00Z', '2026-11-21T01:00:00Z', '2026-11-20T23:00:00Z', '2026-11-20T22:59:00Z']
    expect(byDay(items, (item) => item, 'Europe/Vienna')).toEqual([
      { day: '2026-11-21', items: items.slice(0, 3) },
      { day: '2026-11-20', items: items.slice(3) },
    ])
    expect(byDay(items, (item) => item, 'UTC').map(({ items }) => items.length)).toEqual([2, 2])
    expect(byDay([], (item) => item)).toEqual([])
  })

  it('follow each other where clocks are changed, and over the ends of years', () => {
    expect(daysAfter('2026-10-24', 1)).toBe('2026-10-25')
    expect(daysAfter('2026-10-25', 1)).toBe('2026-10-26')
    expect(daysAfter('2027-01-01', -1)).toBe('2026-12-31')
    expect(daysAfter('2028-02-28', 1)).toBe('2028-02-29')
  })

  it('have names', () => {
    expect(dayTitle('2026-11-21', '2026-11-21')).toBe('Today')
    expect(dayTitle('2026-11-20', '2026-11-21')).toBe('Yesterday')
    expect(dayTitle('2026-11-13', '2026-11-21')).toBe('Friday 13 November')
    expect(dayTitle('2025-11-13', '2026-11-21')).toBe('Thursday 13 November 2025')
    expect(shortDay('2026-11-13', '2026-11-21')).toBe('13 Nov')
  })

  it('are told from other texts', () => {
    expect([isDay('2026-11-21'), isDay('2026-13-41'), isDay('yesterday'), isDay(null)]).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})

import type { CostRow } from '../api/reports'
import { type Day, shortDay } from '../design/days'
import type { Grouping } from './view'

const month = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'short', year: 'numeric' })

/** What a row is about, in the service's terms. */
export function keyOf(row: CostRow, by: Grouping): string {
  return by === 'user' || by === 'key' ? (row[by]?.id ?? '') : (row[by] ?? '')
}

/** The label of a row for people. */
export function titleOf(row: CostRow, by: Grouping, today: Day): string {
  if (by === 'user') return row.user?.name ?? row.user?.email ?? 'Deleted account'
  if (by === 'key') return row.key === null ? 'Without a key' : (row.key?.name ?? 'Deleted key')
  return by === 'day' || by === 'week' || by === 'month' ? timeTitle(keyOf(row, by), by, today) : (row[by] ?? '')
}

/** Such as `21 Nov`, `Week of 16 Nov`, `Nov 2026`. */
export function timeTitle(name: string, unit: 'day' | 'week' | 'month', today: Day): string {
  if (unit === 'month') return month.format(new Date(`${name}-01T00:00:00Z`))
  return unit === 'week' ? `Week of ${shortDay(name, today)}` : shortDay(name, today)
}

import type { CostRow, Dimension } from '../api/reports'
import { type Day, shortDay } from '../design/days'

const month = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'short', year: 'numeric' })

/** What a row is about, in the service's terms. */
export function keyOf(row: CostRow, by: Dimension): string {
  return by === 'user' ? (row.user?.id ?? '') : (row[by] ?? '')
}

/** The label of a row for people. */
export function titleOf(row: CostRow, by: Dimension, today: Day): string {
  if (by === 'user') return row.user?.name ?? row.user?.email ?? ''
  return by === 'day' || by === 'week' || by === 'month' ? timeTitle(keyOf(row, by), by, today) : (row[by] ?? '')
}

/** Such as `21 Nov`, `Week of 16 Nov`, `Nov 2026`. */
export function timeTitle(name: string, unit: 'day' | 'week' | 'month', today: Day): string {
  if (unit === 'month') return month.format(new Date(`${name}-01T00:00:00Z`))
  return unit === 'week' ? `Week of ${shortDay(name, today)}` : shortDay(name, today)
}

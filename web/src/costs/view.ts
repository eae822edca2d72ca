import type { CostQuery, Dimension } from '../api/reports'
import { type Day, dayOf, daysAfter, isDay } from '../design/days'

export const groupings = ['day', 'week', 'month', 'model', 'provider', 'key', 'user'] as const satisfies Dimension[]
export type Grouping = (typeof groupings)[number]
export const titles: Record<View['by'], string> = {
  day: 'Day',
  week: 'Week',
  month: 'Month',
  model: 'Model',
  provider: 'Provider',
  key: 'API key',
  user: 'User',
}
export type Unit = 'day' | 'week' | 'month'

/** The selected view; it is in the URL. Both days are included. */
export interface View {
  from: Day
  to: Day
  by: Grouping
  scope: 'own' | 'all'
}

const DAYS = 30

export function viewOf(query: URLSearchParams, today: Day): View {
  const to = isDay(query.get('to')) ? (query.get('to') ?? today) : today
  const from = isDay(query.get('from')) ? (query.get('from') ?? to) : daysAfter(to, 1 - DAYS)
  return {
    from: from > to ? to : from,
    to,
    by: groupings.find((each) => each === query.get('by')) ?? 'day',
    scope: query.get('scope') === 'all' ? 'all' : 'own',
  }
}

export function addressOf({ from, to, by, scope }: View): string {
  return `/costs?${new URLSearchParams({ from, to, by, ...(scope === 'all' && { scope }) })}`
}

export function lengthOf({ from, to }: View): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1
}

/** The period of a column in the chart: the same as in the table, or longer so that there aren't too many. */
export function unitOf(view: View): Unit {
  if (view.by === 'day' || view.by === 'week' || view.by === 'month') return view.by
  const days = lengthOf(view)
  return days <= 62 ? 'day' : days <= 370 ? 'week' : 'month'
}

/** The unit of the columns. */
export function splitOf({ by }: View): 'model' | 'provider' | 'key' | 'user' {
  return by === 'provider' || by === 'key' || by === 'user' ? by : 'model'
}

export function queryOf({ from, to, scope }: View, groupBy: Dimension[]): CostQuery {
  return { groupBy, from, to: daysAfter(to, 1), scope }
}

/** The service's names of the columns, in order. Weeks are named by their Mondays. */
export function columnsOf(unit: Unit, from: Day, to: Day): string[] {
  const names = new Set<string>()
  for (let day = from; day <= to; day = daysAfter(day, 1)) names.add(nameOf(unit, day))
  return [...names]
}

function nameOf(unit: Unit, day: Day): string {
  if (unit === 'day') return day
  if (unit === 'month') return day.slice(0, 7)
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7
  return daysAfter(day, -weekday)
}

/** The last `days` days, up to today. */
export function lastDays(days: number): { from: Day; to: Day } {
  const to = dayOf(new Date())
  return { from: daysAfter(to, 1 - days), to }
}

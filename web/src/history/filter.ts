import type { SessionQuery } from '../api/calls'
import type { AnswerStatus } from '../api/shapes'
import { type Day, daysAfter, isDay, startOf } from '../design/days'

export const statuses = ['completed', 'failed', 'stopped', 'interrupted', 'running'] as const satisfies AnswerStatus[]

/** Which sessions to show; `''` doesn't filter. Both days are included. */
export interface Filter {
  q: string
  model: string
  status: AnswerStatus | ''
  from: Day
  to: Day
}

export function filterOf(query: URLSearchParams): Filter {
  const text = (name: string) => query.get(name) ?? ''
  const day = (name: string) => (isDay(query.get(name)) ? text(name) : '')
  return {
    q: text('q'),
    model: text('model'),
    status: statuses.find((status) => status === query.get('status')) ?? '',
    from: day('from'),
    to: day('to'),
  }
}

/** The URL of the history with that filter. */
export function addressOf(filter: Filter): string {
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''))
  return query.size === 0 ? '/history' : `/history?${query}`
}

export function narrows(filter: Filter): boolean {
  return Object.values(filter).some((value) => value !== '')
}

/** In the API's format: from the start of the first day to the end of the last one, in the browser's time zone. */
export function queryOf(filter: Filter): SessionQuery {
  return {
    ...(filter.q && { q: filter.q }),
    ...(filter.model && { model: filter.model }),
    ...(filter.status && { status: filter.status }),
    ...(filter.from && { from: startOf(filter.from) }),
    ...(filter.to && { to: startOf(daysAfter(filter.to, 1)) }),
  }
}

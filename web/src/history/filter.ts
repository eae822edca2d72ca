import type { SessionQuery } from '../api/calls'
import type { AnswerStatus } from '../api/shapes'
import { type Day, daysAfter, isDay, startOf } from '../design/days'

export const statuses = ['completed', 'failed', 'stopped', 'interrupted', 'running'] as const satisfies AnswerStatus[]

/** Which sessions are wanted; `''` does not narrow. Both days belong to what is wanted. */
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

/** The address of the history with that filter, for a link to what is shown. */
export function addressOf(filter: Filter): string {
  const query = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''))
  return query.size === 0 ? '/history' : `/history?${query}`
}

export function narrows(filter: Filter): boolean {
  return Object.values(filter).some((value) => value !== '')
}

/** As the API takes it: from the beginning of the one day to the end of the other, where the browser is. */
export function asked(filter: Filter): SessionQuery {
  return {
    ...(filter.q && { q: filter.q }),
    ...(filter.model && { model: filter.model }),
    ...(filter.status && { status: filter.status }),
    ...(filter.from && { from: startOf(filter.from) }),
    ...(filter.to && { to: startOf(daysAfter(filter.to, 1)) }),
  }
}

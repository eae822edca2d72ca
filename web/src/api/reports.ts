/** `GET /reports/costs` (docs/api/reports.md, "What it costs"), and its shapes. */
import { ask, request } from './client'
import { Problem } from './problem'
import type { Schemas } from './shapes'

export type Dimension = CostReport['groupBy'][number]

export type AnswerFigures = NonNullable<CostFigures['ownKey']>

/** The costs paid with the service's keys. The other kinds are separate, and never added. */
export type CostFigures = Schemas['CostFigures']

export type CostRow = Schemas['CostRow']

export type CostReport = Schemas['CostReport']

export interface CostQuery {
  groupBy: Dimension[]
  /** The first day, in the browser's time zone. */
  from: string
  /** The day after the last one. */
  to: string
  scope: 'own' | 'all'
}

/** If the browser doesn't know the machine's time zone, days are in UTC. */
export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'Etc/Unknown'

const asked = (query: CostQuery, timezone: string) => ({ ...query, groupBy: query.groupBy.join(','), timezone })

/** Costs by days of the browser's time zone, or of UTC if the service doesn't know that zone: browsers may know newer names. */
async function inKnownZone<T>(get: (timezone: string) => Promise<T>): Promise<T> {
  try {
    return await get(browserZone())
  } catch (error) {
    if (!(error instanceof Problem && error.fields.some(({ field }) => field === 'timezone'))) throw error
    return get('UTC')
  }
}

export const costs = (query: CostQuery, signal: AbortSignal) =>
  inKnownZone((timezone) => ask<CostReport>('/reports/costs', { query: asked(query, timezone), signal }))

export const costsAsCsv = (query: CostQuery) =>
  inKnownZone((timezone) =>
    request('/reports/costs', { query: { ...asked(query, timezone), format: 'csv' }, headers: { Accept: 'text/csv' } }),
  )

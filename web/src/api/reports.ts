/** `GET /reports/costs` (docs/api/reports.md, "What it costs"), and its shapes. */
import { ask, request } from './client'
import { Problem } from './problem'
import type { Schemas } from './shapes'

export type Dimension = CostReport['groupBy'][number]

export type AnswerFigures = NonNullable<CostFigures['ownKey']>

/** What the service's own keys paid; the rest is listed separately, and never added to it. */
export type CostFigures = Schemas['CostFigures']

export type CostRow = Schemas['CostRow']

export type CostReport = Schemas['CostReport']

export interface CostQuery {
  groupBy: Dimension[]
  /** A day in the browser's time zone; the first one. */
  from: string
  /** The day after the last one. */
  to: string
  scope: 'own' | 'all'
}

/** A browser that doesn't know its machine's zone counts days in UTC itself. */
export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'Etc/Unknown'

const asked = (query: CostQuery, timezone: string) => ({ ...query, groupBy: query.groupBy.join(','), timezone })

/** In the browser's zone, or in UTC where the service doesn't know that: browsers may know newer names. */
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

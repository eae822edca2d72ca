/** `GET /reports/costs` (docs/api.md, "What it costs"), and its shapes. */
import { ask, request } from './client'
import type { Money } from './types'

export type Dimension = 'day' | 'week' | 'month' | 'model' | 'provider' | 'user'

export interface AnswerFigures {
  answers: number
  failedAnswers: number
  inputTokens: number
  outputTokens: number
  estimatedAnswers: number
  /** Null: nothing is known. */
  cost: Money | null
  /** Answers that are in no cost. */
  unknownCosts: number
}

/** What the service's own keys paid; the rest stands apart, and is never added to it. */
export interface CostFigures extends AnswerFigures {
  requests: number
  ownKey: AnswerFigures | null
  simulated: AnswerFigures | null
}

export interface CostRow extends CostFigures {
  day?: string
  /** Its Monday. */
  week?: string
  /** As `2026-11`. */
  month?: string
  model?: string
  provider?: string
  user?: { id: string; email: string | null; name: string }
}

export interface CostReport {
  rows: CostRow[]
  total: CostFigures
  runningAnswers: number
}

export interface CostQuery {
  groupBy: Dimension[]
  /** A day in the browser's time zone; the first one. */
  from: string
  /** The day after the last one. */
  to: string
  scope: 'own' | 'all'
}

const asked = (query: CostQuery) => ({
  ...query,
  groupBy: query.groupBy.join(','),
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
})

export const costs = (query: CostQuery, signal: AbortSignal) =>
  ask<CostReport>('/reports/costs', { query: asked(query), signal })

export const costsAsCsv = (query: CostQuery) =>
  request('/reports/costs', { query: { ...asked(query), format: 'csv' }, headers: { Accept: 'text/csv' } })

/** The page's calls by name. Streams are in `stream/`. */
import { ask, request } from './client'
import type { Estimate, ModelPage, Profile, SessionDetail, SessionPage, StreamRequest } from './shapes'

export const profile = () => ask<Profile>('/auth/profile')

export const models = (cursor: string | null) => ask<ModelPage>('/models', { query: { limit: 5000, cursor } })

export const estimate = (body: StreamRequest, signal?: AbortSignal) =>
  ask<Estimate>('/playground/estimate', { method: 'POST', body, signal })

export interface SessionQuery {
  q?: string
  model?: string
  status?: string
  from?: string
  to?: string
  cursor?: string | null
  limit?: number
}

export const sessions = (query: SessionQuery, signal?: AbortSignal) =>
  ask<SessionPage>('/playground/sessions', { query: { ...query }, signal })

const sessionPath = (id: string) => `/playground/sessions/${encodeURIComponent(id)}`

export const session = (id: string, signal?: AbortSignal) => ask<SessionDetail>(sessionPath(id), { signal })

export const renameSession = (id: string, title: string) =>
  ask<unknown>(sessionPath(id), { method: 'PATCH', body: { title } })

export const deleteSession = (id: string) => request(sessionPath(id), { method: 'DELETE', keepalive: true })

/** Let the running turn continue for some seconds without a reader; returns whether a turn is running. */
export const keepRunning = (id: string, seconds: number) =>
  ask<{ running: boolean }>(`${sessionPath(id)}/keep`, { method: 'POST', body: { seconds }, keepalive: true })

/** Stop one lane of the running turn, or all lanes. */
export const stop = (id: string, lane: number | null) =>
  ask<{ stopped: number[] }>(`${sessionPath(id)}/stop`, { method: 'POST', body: lane === null ? {} : { lane } })

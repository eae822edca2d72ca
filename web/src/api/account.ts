/** The calls about one's account (docs/api.md), and their shapes. Times are ISO 8601; null is "not known" or "none". */
import { ask, request } from './client'
import type { Money, Preferences, Profile } from './types'

export const me = () => ask<Profile>('/users/me')

export type ProfileChange = Partial<Pick<Profile, 'name' | 'bio' | 'username'>> & { preferences?: Partial<Preferences> }

/** What is absent stays. */
export const changeMe = (change: ProfileChange) => ask<Profile>('/users/me', { method: 'PATCH', body: change })

export const deleteMe = (password: string) => request('/users/me', { method: 'DELETE', body: { password } })

export const exportMe = () => request('/users/me/export', { headers: { Accept: 'application/zip, application/json' } })

export const forgotPassword = (email: string) =>
  ask<{ message: string }>('/auth/forgot-password', { method: 'POST', body: { email }, anonymous: true })

export const resetPassword = (token: string, password: string) =>
  request('/auth/reset-password', { method: 'POST', body: { token, password }, anonymous: true })

/** Where somebody is logged in. */
export interface LoginEntry {
  id: string
  current: boolean
  createdAt: string
  lastUsedAt: string
  expiresAt: string
  address: string | null
  userAgent: string | null
}

export const logins = (cursor: string | null) =>
  ask<{ items: LoginEntry[]; nextCursor: string | null }>('/users/me/logins', { query: { cursor, limit: 100 } })

export const endLogin = (id: string) => request(`/users/me/logins/${encodeURIComponent(id)}`, { method: 'DELETE' })

export const endOtherLogins = () => request('/users/me/logins', { method: 'DELETE' })

export const scopes = ['stream', 'sessions:read', 'sessions:write', 'models:read', 'reports:read'] as const
export type Scope = (typeof scopes)[number]

export interface ApiKey {
  id: string
  name: string
  /** The key's beginning. */
  prefix: string
  scopes: Scope[]
  createdAt: string
  expiresAt: string | null
  lastUsedAt: string | null
}

export interface NewApiKey {
  name: string
  scopes: Scope[]
  expiresAt: string | null
}

export const apiKeys = () => ask<{ items: ApiKey[] }>('/users/me/api-keys')

/** `key` comes this once. */
export const makeApiKey = (wanted: NewApiKey) =>
  ask<ApiKey & { key: string }>('/users/me/api-keys', { method: 'POST', body: wanted })

export const revokeApiKey = (id: string) =>
  request(`/users/me/api-keys/${encodeURIComponent(id)}`, { method: 'DELETE' })

/** One's own key for a provider. */
export interface ProviderKey {
  provider: string
  name: string
  /** The key's last four characters. */
  hint: string
  baseUrl: string | null
  /** False: it can't be decrypted any more. */
  readable: boolean
  createdAt: string
  updatedAt: string
}

export interface KeyProvider {
  id: string
  name: string
  /** Its models can be used without a key of one's own. */
  available: boolean
  needsBaseUrl: boolean
}

export interface ProviderKeyTest {
  /** Null: it could not be found out. */
  works: boolean | null
  code: string | null
  message: string
  models: number | null
}

const providerKeyPath = (provider: string) => `/users/me/provider-keys/${encodeURIComponent(provider)}`

export const providerKeys = () => ask<{ items: ProviderKey[]; providers: KeyProvider[] }>('/users/me/provider-keys')

export const putProviderKey = (provider: string, key: string, baseUrl: string | null) =>
  ask<ProviderKey>(providerKeyPath(provider), { method: 'PUT', body: { key, baseUrl } })

export const deleteProviderKey = (provider: string) => request(providerKeyPath(provider), { method: 'DELETE' })

export const testProviderKey = (provider: string) =>
  ask<ProviderKeyTest>(`${providerKeyPath(provider)}/test`, { method: 'POST' })

/** `max` and `left` null: no limit. */
interface Used<Amount> {
  max: Amount | null
  used: Amount
  left: Amount | null
  resetsAt: string | null
  /** By comparisons that go on: what they may take at most. */
  reserved?: Amount
}

export interface Usage {
  requests: Used<number> & { seconds: number | null }
  streams: Used<number> & { seconds: number | null }
  dailyRequests: Used<number>
  monthlyRequests: Used<number>
  monthlyTokens: Used<number>
  monthlyBudget: Used<Money>
}

export const usage = () => ask<Usage>('/users/me/usage')

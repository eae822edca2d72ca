/** The calls for the user's account (docs/api/accounts.md), and their shapes. Times are ISO 8601; null is "unknown" or "none". */
import { ask, request } from './client'
import type { Preferences, Profile, Schemas } from './shapes'

export const me = () => ask<Profile>('/users/me')

export type ProfileChange = Partial<Pick<Profile, 'name' | 'bio' | 'username'>> & { preferences?: Partial<Preferences> }

/** Absent fields stay unchanged. */
export const changeMe = (change: ProfileChange) => ask<Profile>('/users/me', { method: 'PATCH', body: change })

export const deleteMe = (password: string) => request('/users/me', { method: 'DELETE', body: { password } })

export const exportMe = () => request('/users/me/export', { headers: { Accept: 'application/zip, application/json' } })

export const forgotPassword = (email: string) =>
  ask<{ message: string }>('/auth/forgot-password', { method: 'POST', body: { email }, anonymous: true })

export const resetPassword = (token: string, password: string) =>
  request('/auth/reset-password', { method: 'POST', body: { token, password }, anonymous: true })

/** A device on which the user is logged in. */
export type LoginEntry = Schemas['LoginEntry']

export const logins = (cursor: string | null) =>
  ask<Schemas['LoginPage']>('/users/me/logins', { query: { cursor, limit: 100 } })

export const endLogin = (id: string) => request(`/users/me/logins/${encodeURIComponent(id)}`, { method: 'DELETE' })

export const endOtherLogins = () => request('/users/me/logins', { method: 'DELETE' })

export type Scope = Schemas['NewApiKey']['scopes'][number]
export const scopes = [
  'stream',
  'sessions:read',
  'sessions:write',
  'models:read',
  'reports:read',
] as const satisfies Scope[]

export type ApiKey = Schemas['ApiKey']

export type NewApiKey = Schemas['NewApiKey']

export const apiKeys = () => ask<Schemas['ApiKeyList']>('/users/me/api-keys')

/** `key` is returned only this once. */
export const makeApiKey = (wanted: NewApiKey) =>
  ask<Schemas['MadeApiKey']>('/users/me/api-keys', { method: 'POST', body: wanted })

export const revokeApiKey = (id: string) =>
  request(`/users/me/api-keys/${encodeURIComponent(id)}`, { method: 'DELETE' })

/** The user's key for a provider. */
export type ProviderKey = Schemas['ProviderKey']

export type KeyProvider = Schemas['KeyProvider']

export type ProviderKeyTest = Schemas['ProviderKeyTest']

const providerKeyPath = (provider: string) => `/users/me/provider-keys/${encodeURIComponent(provider)}`

export const providerKeys = () => ask<Schemas['ProviderKeyList']>('/users/me/provider-keys')

export const putProviderKey = (provider: string, key: string, baseUrl: string | null) =>
  ask<ProviderKey>(providerKeyPath(provider), { method: 'PUT', body: { key, baseUrl } })

export const deleteProviderKey = (provider: string) => request(providerKeyPath(provider), { method: 'DELETE' })

export const testProviderKey = (provider: string) =>
  ask<ProviderKeyTest>(`${providerKeyPath(provider)}/test`, { method: 'POST' })

export type Usage = Schemas['Usage']

export const usage = () => ask<Usage>('/users/me/usage')

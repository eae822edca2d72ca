import { withLock } from '../browser/lock'
import { profile } from '../api/calls'
import { ask, request, useTokens } from '../api/client'
import { Problem } from '../api/problem'
import type { Profile, Tokens } from '../api/shapes'
import { load, store } from '../shell/storage'
import { theme, type Theme } from '../shell/theme.svelte'

/**
 * The login. The access token is only in memory; the refresh token is an HttpOnly cookie, which scripts can't read.
 *
 * A refresh token is valid once: using it again after more than a few seconds counts as theft and ends the login everywhere. So tabs
 * refresh one after another, under a lock shared by all tabs of the site, and send each other the new token.
 */
class Login {
  /** `unknown` until the first refresh; `expired` if a login ended by itself, while the page stays as it is. */
  state = $state<'unknown' | 'out' | 'in' | 'expired'>('unknown')
  user = $state.raw<Profile | null>(null)
  /** Why the state is still unknown: the service didn't respond. */
  failure = $state.raw<Problem | null>(null)

  #token: string | null = null
  #expiresAt = 0
  #refreshing: Promise<string | null> | null = null
  readonly #channel = new BroadcastChannel('playground.login')

  constructor() {
    useTokens({ token: () => this.#usable(), refused: (token) => this.#refused(token) })
    theme.onChosen = (chosen) => void this.#keepTheme(chosen)
    this.#channel.onmessage = ({ data }: MessageEvent<LoginNews>) => {
      if (data.type === 'out') this.#leave('out')
      else this.#hold(data)
    }
  }

  /** Restore the login of an earlier visit, if there is one. */
  async resume(): Promise<void> {
    this.failure = null
    try {
      // Without an earlier login in this browser, no request is needed.
      if (load('loggedIn', false) && (await this.#refresh()) !== null) await this.#enter()
      else this.#leave('out')
    } catch (error) {
      // A service that is briefly unavailable or busy is no reason to ask for the password.
      if (error instanceof Problem && isForAMoment(error)) this.failure = error
      else this.#leave('out')
    }
  }

  /** Throws `Problem`. */
  async register(account: { email: string; password: string; name: string; invitation?: string }): Promise<void> {
    await this.#begin('/auth/register', account)
  }

  /** Throws `Problem`. */
  async login(account: { email: string; password: string }): Promise<void> {
    await this.#begin('/auth/login', account)
  }

  async logout(): Promise<void> {
    await Promise.all([...leaving].map((act) => act()))
    try {
      await request('/auth/logout', { method: 'POST', body: {} })
    } catch {
      // In any case, this browser forgets the login.
    }
    this.left()
  }

  /** All earlier tokens stop working; this browser continues with new ones. Throws `Problem`. */
  async changePassword(currentPassword: string, newPassword: string): Promise<void> {
    const body = { currentPassword, newPassword, cookie: true }
    this.#share(await ask<Tokens>('/users/me/password', { method: 'POST', body }))
  }

  /** The account or all its logins were deleted, so there is nothing to log out of. */
  left(): void {
    this.#leave('out')
    this.#channel.postMessage({ type: 'out' } satisfies LoginNews)
  }

  async #begin(path: string, account: object): Promise<void> {
    const tokens = await ask<Tokens>(path, { method: 'POST', body: { ...account, cookie: true }, anonymous: true })
    this.#share(tokens)
    await this.#enter()
  }

  async #enter(): Promise<void> {
    const user = await profile()
    // Reload, so that the next user in this tab doesn't see what the previous one typed.
    if (this.user !== null && this.user.id !== user.id) location.assign('/')
    this.user = user
    this.state = 'in'
    store('loggedIn', true)
    store('visited', true)
    theme.show(user.preferences.theme)
  }

  /** The theme is stored in the account, so it applies wherever the user logs in. */
  async #keepTheme(chosen: Theme): Promise<void> {
    if (this.state !== 'in') return
    try {
      this.user = await ask<Profile>('/users/me', { method: 'PATCH', body: { preferences: { theme: chosen } } })
    } catch {
      // It is stored in this browser anyway.
    }
  }

  #leave(state: 'out' | 'expired'): void {
    this.#token = null
    this.#expiresAt = 0
    if (state === 'out') {
      this.user = null
      store('loggedIn', null)
    }
    this.state = state
  }

  async #usable(): Promise<string | null> {
    if (this.#token !== null && Date.now() < this.#expiresAt) return this.#token
    if (this.state === 'out' || this.state === 'expired') return null
    return this.#refresh()
  }

  async #refused(token: string): Promise<boolean> {
    if (this.#token === token) this.#expiresAt = 0
    return (await this.#usable()) !== null
  }

  #refresh(): Promise<string | null> {
    this.#refreshing ??= this.#refreshInTurn().finally(() => (this.#refreshing = null))
    return this.#refreshing
  }

  async #refreshInTurn(): Promise<string | null> {
    return withLock('playground.refresh', async () => {
      // Another tab may have refreshed first and sent its token meanwhile.
      if (this.#token !== null && Date.now() < this.#expiresAt) return this.#token
      try {
        this.#share(await ask<Tokens>('/auth/refresh', { method: 'POST', body: {}, anonymous: true, keepalive: true }))
      } catch (error) {
        if (!(error instanceof Problem) || isForAMoment(error)) throw error
        this.#leave(this.user === null ? 'out' : 'expired')
      }
      return this.#token
    })
  }

  #share(tokens: Tokens): void {
    // Refresh a little early, so that the token is still valid when a running request arrives.
    const news = { type: 'token', token: tokens.accessToken, until: Date.now() + tokens.expiresIn * 900 } as const
    this.#hold(news)
    this.#channel.postMessage(news satisfies LoginNews)
  }

  #hold({ token, until }: { token: string; until: number }): void {
    this.#token = token
    this.#expiresAt = until
    if (this.state === 'expired' || this.state === 'out') void this.#enter().catch(() => undefined)
  }
}

function isForAMoment({ status }: Problem): boolean {
  return status === 0 || status === 429 || status >= 500
}

type LoginNews = { type: 'token'; token: string; until: number } | { type: 'out' }

const leaving = new Set<() => Promise<void>>()

/** Actions that need the login, to be run before logging out. */
export function beforeLogout(act: () => Promise<void>): void {
  leaving.add(act)
}

export const login = new Login()

import { withLock } from '../browser/lock'
import { profile } from '../api/calls'
import { ask, request, useTokens } from '../api/client'
import { Problem } from '../api/problem'
import type { Profile, Tokens } from '../api/shapes'
import { keep, recall } from '../shell/storage'
import { theme, type Theme } from '../shell/theme.svelte'

/**
 * Who is logged in. The access token is in memory alone; the refresh token is an HttpOnly cookie, which scripts never see.
 *
 * A refresh token is valid once: a second use later than a few seconds counts as theft, and ends the login everywhere. So tabs refresh one
 * after another, under a lock that all tabs of the site share, and send each other the token they got.
 */
class Login {
  /** `unknown` until the first refresh was tried; `expired` when a login ended by itself, and the page waits as it is. */
  state = $state<'unknown' | 'out' | 'in' | 'expired'>('unknown')
  user = $state.raw<Profile | null>(null)
  /** Why it is still unknown: the service did not say. */
  failure = $state.raw<Problem | null>(null)

  #token: string | null = null
  #expiresAt = 0
  #refreshing: Promise<string | null> | null = null
  readonly #channel = new BroadcastChannel('playground.login')

  constructor() {
    useTokens({ token: () => this.#usable(), refused: (token) => this.#refused(token) })
    theme.told = (chosen) => void this.#keepTheme(chosen)
    this.#channel.onmessage = ({ data }: MessageEvent<LoginNews>) => {
      if (data.type === 'out') this.#leave('out')
      else this.#hold(data)
    }
  }

  /** Take up the login of an earlier visit, if there is one. */
  async resume(): Promise<void> {
    this.failure = null
    try {
      // Who was never logged in here need not ask.
      if (recall('loggedIn', false) && (await this.#refresh()) !== null) await this.#enter()
      else this.#leave('out')
    } catch (error) {
      // A service that is away or busy for a moment is no reason to ask for the password.
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
      // Whatever came of it: this browser forgets the login.
    }
    this.left()
  }

  /** All tokens that were given before stop to hold; this browser goes on with new ones. Throws `Problem`. */
  async changePassword(currentPassword: string, newPassword: string): Promise<void> {
    const body = { currentPassword, newPassword, cookie: true }
    this.#share(await ask<Tokens>('/users/me/password', { method: 'POST', body }))
  }

  /** The account is gone, or all of its logins are: there is nothing to log out of. */
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
    // Somebody else in the same tab would see what the one before had typed: a fresh page for a fresh user.
    if (this.user !== null && this.user.id !== user.id) location.assign('/')
    this.user = user
    this.state = 'in'
    keep('loggedIn', true)
    keep('visited', true)
    theme.show(user.preferences.theme)
  }

  /** The theme goes with the account, to wherever its user logs in. */
  async #keepTheme(chosen: Theme): Promise<void> {
    if (this.state !== 'in') return
    try {
      this.user = await ask<Profile>('/users/me', { method: 'PATCH', body: { preferences: { theme: chosen } } })
    } catch {
      // It stays with this browser.
    }
  }

  #leave(state: 'out' | 'expired'): void {
    this.#token = null
    this.#expiresAt = 0
    if (state === 'out') {
      this.user = null
      keep('loggedIn', null)
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
      // Another tab may have been first, and told of its token meanwhile.
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
    // A little early, so that a request that is under way when it ends is still good.
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

/** What must be done while there still is a login. */
export function beforeLogout(act: () => Promise<void>): void {
  leaving.add(act)
}

export const login = new Login()

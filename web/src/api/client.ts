import { Problem } from './problem'

/** Where the client gets its token from, implemented by `account/login.svelte.ts`. */
export interface TokenSource {
  /** A valid token, refreshed if necessary; null if no one is logged in. */
  token(): Promise<string | null>
  /** The service refused that token. True if there is a new one, so the request can be repeated. */
  refused(token: string): Promise<boolean>
}

let tokens: TokenSource | null = null

export function useTokens(source: TokenSource): void {
  tokens = source
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Sent as JSON. */
  body?: unknown
  query?: Record<string, string | number | boolean | null | undefined>
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
  /** The request continues if the page is closed. */
  keepalive?: boolean
  /** For `/auth` itself, which needs no token. */
  anonymous?: boolean
}

/**
 * The service's response, whatever its body is. If the token has expired, it is refreshed and the request repeated once. Throws `Problem`
 * for unsuccessful responses, and the errors of `fetch` if `signal` aborts.
 */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const token = options.anonymous ? null : ((await tokens?.token()) ?? null)
  let response = await send(path, options, token)
  if (response.status === 401 && token !== null && (await tokens?.refused(token))) {
    response = await send(path, options, (await tokens?.token()) ?? null)
  }
  if (!response.ok) throw await Problem.of(response)
  return response
}

/** The same for JSON responses. `T` is the type documented in docs/api. */
export async function ask<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await request(path, options)
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T)
}

async function send(path: string, options: RequestOptions, token: string | null): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers }
  if (token !== null) headers['Authorization'] = `Bearer ${token}`
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  try {
    return await fetch(path + query(options.query), {
      method: options.method ?? 'GET',
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
      keepalive: options.keepalive ?? false,
      credentials: 'same-origin',
      cache: 'no-store',
    })
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw Problem.network()
  }
}

function query(values: RequestOptions['query']): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(values ?? {})) {
    if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value))
  }
  const text = parameters.toString()
  return text && `?${text}`
}

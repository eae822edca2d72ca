/** The page's URLs, and navigation between them without a reload. */
export type Route =
  | { name: 'compare'; session: string | null; query: URLSearchParams }
  | { name: 'differences'; session: string; query: URLSearchParams }
  | { name: 'history'; query: URLSearchParams }
  | { name: 'costs'; query: URLSearchParams }
  | { name: 'account'; section: string }
  /** With the token from an email, or without one if it has to be typed. */
  | { name: 'reset'; token: string }
  | { name: 'forgot' }
  | { name: 'register'; invitation: string }
  | { name: 'missing' }

export function routeOf(path: string, search: string, hash = ''): Route {
  // Links in emails have their token after the `#`, which no server sees.
  const [place, parameters] = hash.slice(1).split('?')
  const token = (name: string) => new URLSearchParams(parameters).get(name) ?? ''
  if (place === '/reset-password') return { name: 'reset', token: token('token') }
  if (place === '/register') return { name: 'register', invitation: token('invitation') }

  const query = new URLSearchParams(search)
  const session = /^\/s\/([^/]+)(\/differences)?\/?$/.exec(path)
  const account = /^\/account(?:\/([a-z-]+))?\/?$/.exec(path)
  if (path === '/') return { name: 'compare', session: null, query }
  if (session?.[1]) {
    const id = decoded(session[1])
    return id === null ? { name: 'missing' } : { name: session[2] ? 'differences' : 'compare', session: id, query }
  }
  if (path === '/history') return { name: 'history', query }
  if (path === '/costs') return { name: 'costs', query }
  if (path === '/forgot-password') return { name: 'forgot' }
  if (path === '/reset-password') return { name: 'reset', token: '' }
  if (account) return { name: 'account', section: account[1] ?? 'profile' }
  return { name: 'missing' }
}

/** Null for invalid URLs, such as a `%` without two digits. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

class Router {
  route = $state.raw<Route>(routeOf(location.pathname, location.search, location.hash))

  constructor() {
    addEventListener('popstate', () => this.#read())
    // Links are normal links that can be opened in a new tab; links within the page don't reload it.
    document.addEventListener('click', (event) => {
      if (
        event.defaultPrevented ||
        event.button !== 0 ||
        event.metaKey ||
        event.ctrlKey ||
        event.shiftKey ||
        event.altKey
      )
        return
      const link = (event.target as Element).closest?.('a')
      if (!link || link.target || link.origin !== location.origin || link.hasAttribute('download')) return
      if (routeOf(link.pathname, link.search).name === 'missing') return
      event.preventDefault()
      this.go(link.pathname + link.search)
    })
  }

  /** `replace`: without a new entry in the browser's history. */
  go(address: string, { replace = false } = {}): void {
    if (address !== location.pathname + location.search + location.hash) {
      history[replace ? 'replaceState' : 'pushState'](null, '', address)
    }
    this.#read()
  }

  /** Set the query in the address bar, so that it can be copied as a link; nothing is rendered again. */
  show(address: string): void {
    if (address !== location.pathname + location.search) history.replaceState(null, '', address)
  }

  #read(): void {
    this.route = routeOf(location.pathname, location.search, location.hash)
  }
}

export const router = new Router()
export const sessionAddress = (id: string): string => `/s/${encodeURIComponent(id)}`

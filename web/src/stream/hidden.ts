import * as calls from '../api/calls'
import { Problem } from '../api/problem'

/** Looking at another tab for a moment keeps the stream. */
const LEAVE_AFTER_MS = 3_000
/** A hidden tab's timers run once a minute at worst, so the next request is sent well before the requested time ends. */
const SIGN_EVERY_MS = 60_000
const KEEP_SECONDS = 150
/** A tab that the browser freezes can't send requests. */
const KEEP_FROZEN_SECONDS = 3_600

/**
 * Call `leave` when the tab has been hidden for a while and the service keeps the run without a reader. A browser opens six connections to
 * a site over HTTP/1.1, and each tab with a running turn uses one. Returns a function that stops watching.
 *
 * The request to the service is sent as soon as the tab is hidden. If six tabs use all connections, that request has to wait for one. So
 * the stream is also closed without a response, which lets the request through, long before the service stops the run.
 */
export function watchHidden(session: () => string | null, leave: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false
  const look = () => {
    clearTimeout(timer)
    if (!document.hidden || over) return
    const id = session()
    let state: Kept | 'asked' = 'asked'
    if (id !== null) void keepRunning(id).then((answer) => (state = answer))
    timer = setTimeout(() => {
      if (id !== null && (state === 'running' || state === 'asked')) leave()
      else timer = setTimeout(look, id === null ? 0 : SIGN_EVERY_MS)
    }, LEAVE_AFTER_MS)
  }
  document.addEventListener('visibilitychange', look)
  look()
  return () => {
    over = true
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', look)
  }
}

/** Keep the run until the tab is visible again or the run is over; then its end is read. */
export function untilShown(session: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (!document.hidden || signal.aborted) {
      resolve()
      return
    }
    const sign = async () => {
      if ((await keepRunning(session)) === 'over') end()
    }
    // Also immediately, since the first request may have failed.
    void sign()
    const signs = setInterval(() => void sign(), SIGN_EVERY_MS)
    const frozen = () => void keepRunning(session, KEEP_FROZEN_SECONDS)
    const look = () => {
      if (!document.hidden) end()
    }
    const end = () => {
      clearInterval(signs)
      document.removeEventListener('visibilitychange', look)
      document.removeEventListener('freeze', frozen)
      signal.removeEventListener('abort', end)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    document.addEventListener('freeze', frozen)
    signal.addEventListener('abort', end)
  })
}

/** `unknown`: the service didn't respond. */
type Kept = 'running' | 'over' | 'unknown'

async function keepRunning(session: string, seconds = KEEP_SECONDS): Promise<Kept> {
  try {
    return (await calls.keepRunning(session, seconds)).running ? 'running' : 'over'
  } catch (error) {
    return error instanceof Problem && error.status >= 400 && error.status < 500 && error.status !== 429
      ? 'over'
      : 'unknown'
  }
}

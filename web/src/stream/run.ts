import { randomId } from '../browser/ids'
import { request } from '../api/client'
import { Problem } from '../api/problem'
import type { StreamRequest } from '../api/shapes'
import type { RunEvent } from './events'
import { untilShown, watchHidden } from './hidden'
import { SseParser } from './sse'

/** The state of the connection to a run. */
export type Connection = 'connecting' | 'open' | 'lost' | 'closed'

export interface RunReader {
  /** All events of one piece, in order; no event comes twice, and none is missing. */
  events(events: readonly RunEvent[]): void
  connection(state: Connection): void
  /** The run is over, but its last events are no longer available; the record has them. */
  gone(): void
}

/** The request that starts or joins a run: a new turn, or a session with a running turn. */
export type RunSource = { body: StreamRequest } | { session: string }

/** After this silence the connection is considered dead, since the service sends a comment every 15 s. */
const SILENCE_MS = 40_000
const LONGEST_WAIT_MS = 10_000
/** Pieces that arrive closer together are collected for this time and read together, since each read costs more than its content. */
const DENSE_MS = 8
const GATHER_MS = 30
/** After this many attempts without an event, the user decides. */
const ATTEMPTS_TO_START = 4

/**
 * Read a run to its end, over as many connections as necessary: a lost one is resumed after the last event read. While the tab is hidden
 * nothing is read, and the service keeps the run. A request that starts a run has an `Idempotency-Key`, so that repeating it doesn't start
 * a second one.
 *
 * Throws `Problem` if the service refuses; returns when the run is over or `signal` aborts (which leaves the run running).
 */
export async function readRun(source: RunSource, reader: RunReader, signal: AbortSignal): Promise<void> {
  const key = randomId()
  let session = 'session' in source ? source.session : null
  let lastId: string | null = null
  let lastNumber = 0
  /** The prefix of all event ids of the run. */
  let run: string | null = null
  let failures = 0
  let retry = 500
  let over = false
  let replaced = false
  let left = false

  const take = (messages: readonly { id: string; data: string }[]) => {
    const events: RunEvent[] = []
    for (const { id, data } of messages) {
      run ??= id.slice(0, id.lastIndexOf(':') + 1)
      if (!id.startsWith(run)) {
        // The session's next turn was started elsewhere; the missed events of this one are in the record.
        replaced = true
        break
      }
      const number = Number(id.slice(run.length))
      if (number <= lastNumber) continue
      lastNumber = number
      lastId = id
      const event = JSON.parse(data) as RunEvent
      if (event.type === 'session') session = event.sessionId
      else if (event.type === 'done') over = true
      events.push(event)
    }
    if (events.length > 0) reader.events(events)
  }

  reader.connection('connecting')
  while (!signal.aborted && !over) {
    const connection = new AbortController()
    const end = () => connection.abort()
    signal.addEventListener('abort', end)
    const unwatch = watchHidden(
      () => session,
      () => {
        left = true
        end()
      },
    )
    try {
      const response = await open(source, key, session, lastId, connection.signal)
      if (response.status === 204) {
        reader.gone()
        break
      }
      reader.connection('open')
      await readMessages(response, connection.signal, (messages, asked) => {
        failures = 0
        retry = asked ?? retry
        take(messages)
        return over || replaced
      })
      if (replaced) {
        reader.gone()
        break
      }
      if (!over) throw Problem.network()
    } catch (error) {
      if (signal.aborted) break
      if (left && session !== null) {
        left = false
        await untilShown(session, signal)
        continue
      }
      if (!canComeBack(error) || (lastId === null && failures + 1 >= ATTEMPTS_TO_START)) {
        reader.connection('closed')
        throw error
      }
      reader.connection('lost')
      const wait = Math.min(retry * 2 ** failures, LONGEST_WAIT_MS)
      const asked = error instanceof Problem ? (error.retryAfter ?? 0) * 1000 : 0
      failures += 1
      // Randomised, so that not all readers of a restarted service reconnect at the same moment.
      await pause(Math.max(asked, wait * (0.75 + Math.random() / 2)), signal)
    } finally {
      unwatch()
      signal.removeEventListener('abort', end)
    }
  }
  reader.connection('closed')
}

function open(
  source: RunSource,
  key: string,
  session: string | null,
  lastId: string | null,
  signal: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'text/event-stream, application/problem+json' }
  if (session !== null && (lastId !== null || 'session' in source)) {
    if (lastId !== null) headers['Last-Event-ID'] = lastId
    return request(`/playground/sessions/${encodeURIComponent(session)}/stream`, { headers, signal })
  }
  headers['Idempotency-Key'] = key
  return request('/playground/stream', {
    method: 'POST',
    body: (source as { body: StreamRequest }).body,
    headers,
    signal,
  })
}

async function readMessages(
  response: Response,
  signal: AbortSignal,
  take: (messages: readonly { id: string; data: string }[], retry: number | null) => boolean,
): Promise<void> {
  if (response.body === null) throw Problem.network()
  const bytes = response.body.getReader()
  const decoder = new TextDecoder()
  const parser = new SseParser()
  let heardAt = performance.now()
  const stop = () => void bytes.cancel().catch(() => undefined)
  // One timer for all reads: a timer for each would cost more than the read.
  const listening = setInterval(() => {
    if (performance.now() - heardAt > SILENCE_MS) stop()
  }, SILENCE_MS / 4)
  signal.addEventListener('abort', stop)
  try {
    for (;;) {
      const askedAt = performance.now()
      const { value, done } = await bytes.read()
      if (done) return
      heardAt = performance.now()
      if (take(parser.feed(decoder.decode(value, { stream: true })), parser.retry)) return
      // In a hidden tab, timers are delayed for long.
      if (heardAt - askedAt < DENSE_MS && !document.hidden)
        await new Promise((resolve) => setTimeout(resolve, GATHER_MS))
    }
  } catch {
    throw Problem.network()
  } finally {
    clearInterval(listening)
    signal.removeEventListener('abort', stop)
    stop()
  }
}

/** No response, or a temporary error. */
function canComeBack(error: unknown): boolean {
  if (!(error instanceof Problem)) return false
  return error.status === 0 || error.status >= 500 || (error.status === 429 && (error.retryAfter ?? Infinity) <= 10)
}

/** Wait until then, or until the browser is online again. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      removeEventListener('online', end)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    addEventListener('online', end)
    signal.addEventListener('abort', end)
  })
}

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '../api/problem'
import type { RunEvent } from './events'
import { type Connection, readRun, type RunSource } from './run'

const BODY: RunSource = { body: { prompt: 'Hi', lanes: [{ model: 'sim/quick' }] } }

function message(number: number, event: object, run = 'run'): string {
  return `id: ${run}:${number}\ndata: ${JSON.stringify(event)}\n\n`
}

const SESSION = message(1, { type: 'session', sessionId: 's1', turn: 1, lanes: [] })
const chunk = (number: number) => message(number, { type: 'chunk', lane: 0, content: `${number} `, timestamp: number })
const DONE = message(5, { type: 'done', totalTokens: 3, totalCost: '0', unknownCosts: 0, responseTime: 1 })

/** A response that ends after these pieces, or (`broken`) fails. */
function answer(pieces: string[], { broken = false, status = 200 } = {}): Response {
  const bytes = pieces.map((piece) => new TextEncoder().encode(piece))
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = bytes.shift()
      if (next) controller.enqueue(next)
      else if (broken) controller.error(new TypeError('network error'))
      else controller.close()
    },
  })
  return new Response(status === 204 ? null : body, { status })
}

interface Asked {
  path: string
  headers: Record<string, string>
}

/** Reads a run from these responses in turn; an error is thrown by `fetch`. */
async function read(answers: (Response | Error)[], source = BODY) {
  const asked: Asked[] = []
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    asked.push({ path, headers: init.headers as Record<string, string> })
    const next = answers.shift()
    return next instanceof Response ? Promise.resolve(next) : Promise.reject(next ?? new TypeError('no more answers'))
  })
  const events: RunEvent[] = []
  const states: Connection[] = []
  let gone = 0
  const reading = readRun(
    source,
    {
      events: (more) => events.push(...more),
      connection: (state) => states.push(state),
      gone: () => (gone += 1),
    },
    new AbortController().signal,
  ).catch((error: unknown) => error)
  await vi.runAllTimersAsync()
  const failure = await reading
  const text = events.flatMap((event) => (event.type === 'chunk' ? [event.content] : [])).join('')
  return { asked, events, states, gone, failure, text }
}

describe('readRun', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('gives the events of a run to its end', async () => {
    const { text, events, states, failure } = await read([answer([SESSION + chunk(2), chunk(3), chunk(4) + DONE])])
    expect(failure).toBeUndefined()
    expect(text).toBe('2 3 4 ')
    expect(events.at(-1)?.type).toBe('done')
    expect(states).toEqual(['connecting', 'open', 'closed'])
  })

  it('takes a lost connection up after the last event, and gives none twice', async () => {
    const { text, asked, states } = await read([
      answer([SESSION + chunk(2) + chunk(3).slice(0, 20)], { broken: true }),
      new TypeError('refused'),
      answer([chunk(2) + chunk(3)]),
      answer([chunk(4) + DONE]),
    ])
    expect(text).toBe('2 3 4 ')
    expect(asked.map(({ path }) => path)).toEqual([
      '/playground/stream',
      ...Array<string>(3).fill('/playground/sessions/s1/stream'),
    ])
    expect(asked.map(({ headers }) => headers['Last-Event-ID'])).toEqual([undefined, 'run:2', 'run:2', 'run:3'])
    expect(states).toEqual(['connecting', 'open', 'lost', 'lost', 'open', 'lost', 'open', 'closed'])
  })

  it('starts a run once, however often it has to ask', async () => {
    const { text, asked } = await read([new TypeError('refused'), answer([]), answer([SESSION + chunk(2) + DONE])])
    expect(text).toBe('2 ')
    expect(asked.map(({ path }) => path)).toEqual(Array(3).fill('/playground/stream'))
    expect(new Set(asked.map(({ headers }) => headers['Idempotency-Key'])).size).toBe(1)
  })

  it('gives up when a run can not be started', async () => {
    const { failure, asked } = await read([])
    expect(failure).toBeInstanceOf(Problem)
    expect(asked).toHaveLength(4)
  })

  it('says what the service refuses, and asks no second time', async () => {
    const refusal = new Response(
      JSON.stringify({ type: 'urn:playground:problem:unknown_model', detail: 'No such model.' }),
      {
        status: 422,
      },
    )
    const { failure, asked } = await read([refusal])
    expect(failure).toMatchObject({ status: 422, code: 'unknown_model', detail: 'No such model.' })
    expect(asked).toHaveLength(1)
  })

  it('tells when the rest of a run can not be had any more', async () => {
    const { gone, failure } = await read([answer([SESSION + chunk(2)]), answer([], { status: 204 })])
    expect([gone, failure]).toEqual([1, undefined])
  })

  it('does not take the next turn, begun elsewhere, for this one', async () => {
    const next = message(1, { type: 'session', sessionId: 's1', turn: 2, lanes: [] }, 'other')
    const { gone, events } = await read([answer([SESSION + chunk(2)]), answer([next])])
    expect(gone).toBe(1)
    expect(events).toHaveLength(2)
  })

  it('joins a session without starting anything', async () => {
    const { asked, text } = await read([answer([SESSION + chunk(2) + DONE])], { session: 's1' })
    expect(text).toBe('2 ')
    expect(asked).toEqual([expect.objectContaining({ path: '/playground/sessions/s1/stream' })])
    expect(asked[0]?.headers['Idempotency-Key']).toBeUndefined()
  })
})

import { afterEach, describe, expect, it, vi } from 'vitest'
import { Answer } from './answer.svelte'
import { Session, Turn } from './session.svelte'
import { summaryOf } from './summary'

const LANES = [
  { key: 'a', model: 'sim/quick', simulated: true, parameters: { temperature: 0.2 } },
  { key: 'b', model: 'openai/gpt', simulated: false, parameters: {} },
]

const FIGURES = {
  inputTokens: 10,
  outputTokens: 20,
  tokensUsed: 30,
  cachedInputTokens: null,
  reasoningTokens: null,
  estimated: false,
  simulated: true,
  cost: '0.1',
  costSource: 'list',
  timeToFirstToken: 100,
  timeToFirstAnswer: 600,
  responseTime: 1_000,
  totalTime: 1_250,
  tokensPerSecond: 20,
  attempts: 1,
  finishReason: 'stop',
  ending: 'complete',
  maxTokens: null,
}

function streaming(events: object[]): void {
  const text = events.map((event, index) => `id: run:${index + 1}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(text)))
}

const EVENTS = [
  {
    type: 'session',
    sessionId: 's1',
    turn: 1,
    lanes: [
      { lane: 0, model: 'sim/quick', simulated: true },
      { lane: 1, model: 'openai/gpt', simulated: false },
    ],
  },
  { type: 'status', lane: 0, status: 'connecting' },
  { type: 'status', lane: 1, status: 'connecting' },
  {
    type: 'status',
    lane: 1,
    status: 'queued',
    attempt: 2,
    retryIn: 500,
    error: { code: 'overloaded', message: 'busy' },
  },
  { type: 'status', lane: 0, status: 'streaming' },
  { type: 'chunk', lane: 0, content: 'hm ', kind: 'reasoning', timestamp: 1_000 },
  { type: 'chunk', lane: 0, content: 'one ', timestamp: 1_500 },
  { type: 'chunk', lane: 0, content: 'two', timestamp: 2_000 },
  { type: 'metrics', lane: 0, ...FIGURES },
  { type: 'status', lane: 0, status: 'completed' },
  { type: 'status', lane: 1, status: 'connecting', attempt: 2 },
  { type: 'error', lane: 1, code: 'overloaded', message: 'busy', retryable: true },
  { type: 'metrics', lane: 1, ...FIGURES, cost: null },
  { type: 'status', lane: 1, status: 'failed' },
  { type: 'done', totalTokens: 60, totalCost: '0', simulatedCost: '0.1', unknownCosts: 1, responseTime: 1_000 },
]

describe('a session', () => {
  afterEach(() => void vi.unstubAllGlobals())

  it('becomes what the events of its run say', async () => {
    streaming(EVENTS)
    const session = Session.fresh(LANES)
    const accepted = vi.fn()
    await session.send('Hello\nthere', accepted)
    expect(accepted).toHaveBeenCalledOnce()
    expect([session.id, session.title, session.reading]).toEqual(['s1', 'Hello', false])
    const [quick, other] = session.last?.answers ?? []
    expect(quick).toMatchObject({
      state: 'completed',
      text: 'one two',
      reasoning: 'hm ',
      tokens: 3,
      thinks: true,
      writes: true,
    })
    expect(quick?.figures?.cost).toBe('0.1')
    expect(quick?.speed).toBeCloseTo(10 * 0.24 - 1)
    expect(other?.attempts).toBe(1)
    // A failed attempt took a quarter of a second, and the first text came a tenth of a second after the next request.
    expect(quick?.samples).toEqual([
      [0, 0],
      [349, 0],
      [350, 3],
      [850, 7],
      [1_350, 10],
    ])
    expect(other).toMatchObject({
      state: 'failed',
      text: '',
      again: null,
      failure: { code: 'overloaded', retryable: true },
    })
    expect(session.last?.totals).toMatchObject({ cost: '0', simulated: '0.1', unknown: 1 })
  })

  it('tells who shows an answer that it grew, once a piece of the stream', async () => {
    streaming(EVENTS)
    const session = Session.fresh(LANES)
    const sending = session.send('Hello', () => undefined)
    const grew = vi.fn()
    const [answer] = session.last?.answers ?? []
    if (answer) answer.grew = grew
    await sending
    expect(grew).toHaveBeenCalledOnce()
  })

  it('is as it was when the service does not take a prompt', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"detail":"No."}', { status: 422 })))
    const session = Session.fresh(LANES)
    await expect(session.send('Hello', () => undefined)).rejects.toThrow('No.')
    expect(session.turns).toEqual([])
    expect(session.id).toBeNull()
  })
})

describe('the summary of a turn', () => {
  const lanes = ['x/a', 'x/b', 'x/c'].map((model, lane) => ({
    lane,
    key: model,
    model,
    simulated: false,
    parameters: {},
  }))

  function turn(...rows: (object | null)[]): Turn {
    const answers = rows.map((row, lane) => {
      const answer = new Answer(1, lane)
      answer.state = row === null ? 'failed' : 'completed'
      answer.writes = true
      answer.figures = { ...FIGURES, ...(row ?? { cost: '0.01' }) } as Answer['figures']
      return answer
    })
    return new Turn(1, 'Hello', answers)
  }

  it('names the best of those that completed, and adds up what all of them cost', () => {
    const summary = summaryOf(
      lanes,
      turn({ timeToFirstToken: 50, cost: '0.2' }, { responseTime: 500, outputTokens: 99 }, null),
    )
    expect(summary.fastestStart?.lane.model).toBe('x/a')
    expect(summary.fastestFinish?.lane.model).toBe('x/b')
    expect(summary.cheapest?.lane.model).toBe('x/b')
    expect(summary.longest?.lane.model).toBe('x/b')
    expect([summary.cost, summary.simulatedCost, summary.unknown]).toEqual(['0.31', null, 0])
  })

  it('names the only one that completed, and no empty answer', () => {
    const given = turn({ responseTime: 900 }, { responseTime: 5 }, null)
    const empty = given.answers[1]
    if (empty) empty.writes = false
    expect(summaryOf(lanes, given).fastestFinish).toEqual({ lane: lanes[0], value: 900 })
  })

  it.each(['token_limit', 'context_window'])('names none that was cut off: %s', (ending) => {
    const summary = summaryOf(lanes, turn({ responseTime: 900 }, { responseTime: 5, cost: '0', ending }, null))
    expect(summary.fastestFinish?.lane.model).toBe('x/a')
    expect(summary.cheapest?.lane.model).toBe('x/a')
    expect(summary.longest?.lane.model).toBe('x/a')
  })

  it('lets no simulated lane compete with a real one', () => {
    const mixed = lanes.map((lane) => ({ ...lane, simulated: lane.lane === 0 }))
    const summary = summaryOf(
      mixed,
      turn(
        { cost: '0.001', timeToFirstToken: 1, responseTime: 2, outputTokens: 999 },
        { cost: '0.2' },
        { cost: '0.3', outputTokens: 5 },
      ),
    )
    for (const best of [summary.fastestStart, summary.fastestFinish, summary.cheapest, summary.longest])
      expect(best?.lane.model).toBe('x/b')
    const failed = turn({ cost: '0.001' }, null, null)
    expect(summaryOf(mixed, failed).cheapest).toBeNull()
  })

  it('takes an unknown cost neither for free nor for cheap', () => {
    const summary = summaryOf(lanes, turn({ cost: null }, { cost: '0.1' }, { cost: '0.2' }))
    expect(summary.cheapest?.lane.model).toBe('x/b')
    expect([summary.cost, summary.unknown]).toEqual(['0.3', 1])
  })
})

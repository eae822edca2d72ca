import { afterEach, describe, expect, it, vi } from 'vitest'
import { Session } from './session.svelte'

const ANSWER = { lane: 0, current: true, status: 'completed', text: 'Yes.', reasoning: '', error: null }

function recorded(turns: number) {
  return {
    id: 's1',
    title: 'Hello',
    lanes: [{ lane: 0, model: 'sim/quick', simulated: true, parameters: {} }],
    turns: Array.from({ length: turns }, (_, index) => ({
      turn: index + 1,
      prompt: `Prompt ${index + 1}`,
      createdAt: '2026-11-21T12:00:00Z',
      answers: [ANSWER],
    })),
  }
}

describe('a long record', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  it('is shown turn after turn, from its first, with the last at once', async () => {
    vi.useFakeTimers()
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(recorded(40)))))
    const session = await Session.open('s1', new AbortController().signal)
    const numbers = () => session.shown.map((turn) => turn.number)
    // First the columns, then what is in them.
    expect(numbers()).toEqual([])
    vi.advanceTimersToNextTimer()
    expect(numbers()[0]).toBe(1)
    const sizes = [numbers().length]
    while (numbers().length < 40 && sizes.length < 100) {
      vi.advanceTimersToNextTimer()
      sizes.push(numbers().length)
      expect(numbers().at(-1)).toBe(40)
      expect(numbers().slice(0, -1)).toEqual(Array.from({ length: numbers().length - 1 }, (_, index) => index + 1))
    }
    expect(numbers()).toHaveLength(40)
    expect(sizes.length).toBeGreaterThan(4)
  })
})

import { describe, expect, it } from 'vitest'
import { Answer } from '../session/answer.svelte'
import { noteOnEnd } from './ends'
import { statusOf } from './status'

function ended(figures: object, { text = 'Hello', reasoning = '' } = {}): Answer {
  return Answer.recorded(1, {
    lane: 0,
    status: 'completed',
    text,
    reasoning,
    error: null,
    finishReason: 'length',
    ending: 'token_limit',
    maxTokens: 4_096,
    reasoningTokens: null,
    ...figures,
  } as Parameters<typeof Answer.recorded>[1])
}

describe('the note on how an answer ended', () => {
  it('says by which limit it was cut off, where that is known', () => {
    expect(noteOnEnd(ended({}))?.title).toBe('Cut off at the token limit (4,096)')
    expect(noteOnEnd(ended({ maxTokens: null }))?.title).toBe('Cut off at the token limit')
    expect(noteOnEnd(ended({ ending: 'context_window' }))?.title).toBe('Cut off at the end of the context window')
    expect(statusOf(ended({}))).toBe('Cut off')
  })

  it('says that all tokens were used for thinking, seen or unseen', () => {
    expect(noteOnEnd(ended({ reasoningTokens: 4_096 }, { text: '' }))?.title).toBe(
      'All tokens were used for thinking (4,096)',
    )
    expect(noteOnEnd(ended({}, { text: '', reasoning: 'Hm' }))?.title).toBe('All tokens were used for thinking (4,096)')
    expect(noteOnEnd(ended({}, { text: '' }))?.title).toBe('Cut off at the token limit (4,096)')
  })

  it('says that a model called a tool', () => {
    for (const text of ['', 'Let me look.'])
      expect(noteOnEnd(ended({ finishReason: 'tool_calls', ending: 'complete' }, { text }))?.title).toBe(
        'Ended with a tool call (“tool_calls”)',
      )
  })

  it('shows an unknown reason as it is, and says nothing of an answer that ended by itself', () => {
    expect(noteOnEnd(ended({ finishReason: 'odd', ending: null }))?.title).toBe('Finish reason: “odd”')
    for (const figures of [
      { finishReason: 'stop', ending: 'complete' },
      { finishReason: null, ending: null },
    ]) {
      expect(noteOnEnd(ended(figures))).toBeNull()
      expect(statusOf(ended(figures))).toBe('Done')
    }
  })
})

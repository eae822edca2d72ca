import { describe, expect, it } from 'vitest'
import { partAtLoneEnd } from './loneEnd'

describe('partAtLoneEnd', () => {
  it.each([
    ['Let me see.\n</think>\n\nHello', 'Let me see.\n', 'Hello'],
    ['Let me see.</think>\nHello', 'Let me see.', 'Hello'],
    ['</think>\n\nHello', '', 'Hello'],
    ['Let me see.\n</think>', 'Let me see.\n', ''],
  ])('takes what stands before a lone end as thinking: %j', (text, thinking, answer) => {
    expect(partAtLoneEnd(text)).toEqual([thinking, answer])
  })

  it.each([
    'Hello',
    'Write `</think>`\nto end it.',
    '```\n</think>\n```',
    'The tag </think> ends it.',
    '<think>\nhm\n</think>\nHello',
  ])('leaves other text as it is: %j', (text) => {
    expect(partAtLoneEnd(text)).toEqual(['', text])
  })
})

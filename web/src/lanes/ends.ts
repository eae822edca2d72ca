import { count } from '../design/figures'
import type { Answer } from '../session/answer.svelte'

/** What to show about the end of a completed answer, since an answer that was cut off must not look like a bad one. Null: nothing. */
export function noteOnEnd(answer: Answer): { title: string; advice: string } | null {
  const figures = answer.figures
  if (answer.state !== 'completed' || figures === null) return null
  const limit = figures.maxTokens === null ? '' : ` (${count(figures.maxTokens)})`
  const thought = answer.thinks || (figures.reasoningTokens ?? 0) > 0
  if (answer.cut && !answer.writes && thought)
    return {
      title: `All tokens were used for thinking${figures.ending === 'token_limit' ? limit : ''}`,
      advice: 'Raise “Max tokens”, or lower the reasoning effort.',
    }
  if (figures.ending === 'token_limit')
    return { title: `Cut off at the token limit${limit}`, advice: 'Raise “Max tokens” for a longer answer.' }
  if (figures.ending === 'context_window')
    return {
      title: 'Cut off at the end of the context window',
      advice: 'Shorten the conversation, or choose a model with a larger context window.',
    }
  if (figures.finishReason !== null && /tool|function/i.test(figures.finishReason))
    return {
      title: `Ended with a tool call (“${figures.finishReason}”)`,
      advice: 'Tools are not supported.',
    }
  if (figures.ending === null && figures.finishReason !== null)
    return { title: `Finish reason: “${figures.finishReason}”`, advice: '' }
  return null
}

import type { AnswerFailure } from '../api/types'

/** What happened, in plain words, by the codes of docs/api.md; the failure's own message says the details. */
const TITLES: Record<string, string> = {
  wrong_key: 'The provider did not take the key',
  insufficient_funds: "The provider's account is empty",
  model_not_found: 'The provider has no such model',
  prompt_too_long: 'The prompt is too long for this model',
  content_refused: 'The provider refused the content',
  content_filtered: 'Stopped by the content filter',
  bad_request: 'The provider refused the request',
  rate_limited: 'Too many requests for the provider',
  overloaded: 'The provider is too busy',
  unreachable: 'The provider could not be reached',
  timed_out: 'The provider took too long',
  provider_failed: 'The provider failed while it answered',
  broken_stream: 'The answer broke off',
  unexpected_answer: 'The provider gave an answer that nobody understands',
  internal_error: 'Something went wrong in this service',
}

const ADVICE: Record<string, string> = {
  wrong_key: 'Asking again will not help until somebody changes the key.',
  insufficient_funds: 'Asking again will not help until the account is filled up.',
  model_not_found: 'Asking again will not help: choose another model.',
  prompt_too_long: 'Shorten the prompt, or choose a model with a larger context window.',
  content_refused: 'Asking the same again will not help: change the prompt, or choose another model.',
  bad_request: 'Asking again will not help: change what the message names.',
  rate_limited: 'Asking again in a minute can help.',
  overloaded: 'Asking again in a moment can help.',
  unreachable: 'Asking again can help once the connection is back.',
}

export function helpFor(failure: AnswerFailure): { title: string; advice: string } {
  return {
    title: TITLES[failure.code] ?? 'This lane failed',
    advice: ADVICE[failure.code] ?? (failure.retryable ? 'Asking again can help.' : 'Asking again will not help.'),
  }
}

import type { AnswerFailure } from '../api/shapes'

/** What happened, by the codes in docs/api/errors.md; the details are in the failure's message. */
const TITLES: Record<string, string> = {
  wrong_key: 'Invalid API key',
  insufficient_funds: 'The provider account is out of credit',
  model_not_found: 'Model not found',
  prompt_too_long: 'The prompt is too long for this model',
  content_refused: 'The provider refused the content',
  content_filtered: 'Stopped by the content filter',
  bad_request: 'The provider rejected the request',
  address_refused: 'The base URL is not allowed',
  rate_limited: 'Rate limit reached',
  overloaded: 'The provider is overloaded',
  unreachable: "Can't reach the provider",
  timed_out: 'The provider took too long',
  provider_failed: 'The provider failed while answering',
  broken_stream: 'Connection lost mid-answer',
  unexpected_answer: 'Unexpected response from the provider',
  internal_error: 'Something went wrong on the server',
}

const ADVICE: Record<string, string> = {
  wrong_key: 'Update the key, then retry.',
  insufficient_funds: 'Add credit to the account, then retry.',
  model_not_found: 'Choose another model.',
  prompt_too_long: 'Shorten the prompt, or choose a model with a larger context window.',
  content_refused: 'Change the prompt, or choose another model.',
  bad_request: 'Change what the message names, then send again.',
  address_refused: 'Use a public https:// address for your key.',
  rate_limited: 'Try again in a minute.',
  overloaded: 'Try again in a moment.',
  unreachable: 'Try again when the connection is back.',
}

export function helpFor(failure: AnswerFailure): { title: string; advice: string } {
  return {
    title: TITLES[failure.code] ?? 'Failed',
    advice: ADVICE[failure.code] ?? (failure.retryable ? 'Try again in a moment.' : "Retrying won't help."),
  }
}

import type { Answer, AnswerState } from '../session/answer.svelte'

/** What the page calls each state. */
export const STATUS: Record<AnswerState, string> = {
  waiting: 'Waiting',
  queued: 'Retrying',
  connecting: 'Waiting for first token',
  streaming: 'Streaming',
  completed: 'Done',
  failed: 'Failed',
  stopped: 'Stopped',
  interrupted: 'Interrupted',
}

/** The same for an answer, which may be complete only as far as its limit let it. */
export function statusOf(answer: Answer): string {
  return answer.cut ? 'Cut off' : STATUS[answer.state]
}

import type { Answer, AnswerState } from '../session/answer.svelte'

/** The page's names of the states. */
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

/** The same for an answer, which may have been completed only because it reached a limit. */
export function statusOf(answer: Answer): string {
  return answer.cut ? 'Cut off' : STATUS[answer.state]
}

import type { Answer, AnswerState } from '../session/answer.svelte'

/** In plain words. */
export const STATUS: Record<AnswerState, string> = {
  waiting: 'Waiting',
  queued: 'Waits',
  connecting: 'Asked',
  streaming: 'Writing',
  completed: 'Done',
  failed: 'Failed',
  stopped: 'Stopped',
  interrupted: 'Interrupted',
}

/** The same for an answer, which may be complete only as far as its limit let it. */
export function statusOf(answer: Answer): string {
  return answer.cut ? 'Cut off' : STATUS[answer.state]
}

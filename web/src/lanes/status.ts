import type { AnswerState } from '../session/answer.svelte'

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

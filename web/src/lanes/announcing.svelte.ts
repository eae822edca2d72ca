import { untrack } from 'svelte'
import type { Answer } from '../session/answer.svelte'
import { announcer } from '../shell/announcer.svelte'
import { ReadAloud } from './readAloud'
import { statusOf } from './status'

const READ_EVERY_MS = 3_000

/**
 * Announces the end of a lane's answer to screen readers, and reads the answer out while it is listened to. Call it during component
 * initialisation.
 */
export function announceAnswer(lane: () => string, answer: () => Answer | undefined, listened: () => boolean): void {
  let reading = new ReadAloud(0)

  function readOut(given: Answer): void {
    if (listened()) announcer.say(reading.next(given.text, !given.running))
    else reading = new ReadAloud(given.text.length)
  }

  const running = $derived(answer()?.running ?? false)
  $effect(() => {
    if (!running) return
    const given = untrack(answer)
    if (!given) return
    reading = new ReadAloud(0)
    const timer = setInterval(() => readOut(given), READ_EVERY_MS)
    return () => clearInterval(timer)
  })

  // The end is announceAnswer here, because the cleanup of the effect above still sees the previous state of the answer.
  let ran: Answer | null = null
  $effect(() => {
    const given = answer()
    if (given && given === ran && !given.running)
      untrack(() => {
        readOut(given)
        announcer.say(`${lane()}: ${statusOf(given).toLowerCase()}.`)
      })
    ran = given?.running ? given : null
  })
}

import { untrack } from 'svelte'
import type { Answer } from '../session/answer.svelte'
import { announcer } from '../shell/announcer.svelte'
import { Reading } from './reading'
import { statusOf } from './status'

const READ_EVERY_MS = 3_000

/** Tells a screen reader how a lane's answer ends, and reads it out while somebody listens. To be called where a component begins. */
export function announced(lane: () => string, answer: () => Answer | undefined, listened: () => boolean): void {
  let reading = new Reading(0)

  function readOut(given: Answer): void {
    if (listened()) announcer.say(reading.next(given.text, !given.running))
    else reading = new Reading(given.text.length)
  }

  const running = $derived(answer()?.running ?? false)
  $effect(() => {
    if (!running) return
    const given = untrack(answer)
    if (!given) return
    reading = new Reading(0)
    const timer = setInterval(() => readOut(given), READ_EVERY_MS)
    return () => clearInterval(timer)
  })

  // The end is told here: what cleans the effect above up still sees the answer as it was.
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

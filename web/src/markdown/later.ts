import { warn } from '../shell/warning'

/** The work done at once: a few ms, then the browser paints and handles input. */
const SLICE_MS = 5
const FRAME_MS = 16

const jobs = new Map<Element, () => void>()

/** Process `element` soon, not everything at once. Several requests for one element before that are combined to the last one. */
export function later(element: Element, job: () => void): void {
  if (jobs.size === 0) setTimeout(work)
  jobs.set(element, job)
}

function work(): void {
  const until = performance.now() + SLICE_MS
  for (const [element, job] of jobs) {
    jobs.delete(element)
    doSafely(job)
    if (performance.now() >= until) break
  }
  if (jobs.size > 0) setTimeout(work, FRAME_MS)
}

/** If one fails, it stays unchanged, and the others are still processed. */
function doSafely(job: () => void): void {
  try {
    job()
  } catch (error) {
    warn('Something could not be shown as it was meant.', error)
  }
}

import { warn } from '../shell/warning'

/** So much is done in one go: a few ms, then the browser draws and takes input. */
const SLICE_MS = 5
const FRAME_MS = 16

const jobs = new Map<Element, () => void>()

/** Does something with `element` soon, not all of it at once; only the last of what is asked for the same one before it was done. */
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

/** What fails is left as it is: everything else still has its turn. */
function doSafely(job: () => void): void {
  try {
    job()
  } catch (error) {
    warn('Something could not be shown as it was meant.', error)
  }
}

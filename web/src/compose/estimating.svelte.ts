import * as calls from '../api/calls'
import { inWords, Problem } from '../api/problem'
import type { LaneEstimate, StreamRequest } from '../api/shapes'

/** So long after the last key. */
const QUIET_MS = 500

/** What would be sent, counted and priced by the service before it is sent. */
class Estimating {
  /** In the order of the request's lanes; null: nothing is typed, or it is being counted for the first time. */
  lanes = $state.raw<readonly LaneEstimate[] | null>(null)
  /** Why it can't be: what would be sent would not be taken either. */
  problem = $state('')

  #timer: ReturnType<typeof setTimeout> | undefined
  #abort = new AbortController()

  /** Null: there is nothing to count. */
  of(body: StreamRequest | null): void {
    clearTimeout(this.#timer)
    this.#abort.abort()
    if (body === null) {
      this.lanes = null
      this.problem = ''
      return
    }
    this.#timer = setTimeout(() => void this.#ask(body), QUIET_MS)
  }

  async #ask(body: StreamRequest): Promise<void> {
    const abort = (this.#abort = new AbortController())
    try {
      const { lanes } = await calls.estimate(body, abort.signal)
      if (abort.signal.aborted) return
      this.lanes = lanes
      this.problem = ''
    } catch (error) {
      if (abort.signal.aborted) return
      this.lanes = null
      // The rest is for a moment only, and no reason to alarm anybody who is still typing.
      this.problem = error instanceof Problem && error.status === 422 ? inWords(error) : ''
    }
  }
}

export const estimating = new Estimating()

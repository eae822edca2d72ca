import * as calls from '../api/calls'
import { inWords, Problem } from '../api/problem'
import type { LaneEstimate, StreamRequest } from '../api/shapes'

/** The delay after the last key press. */
const QUIET_MS = 500

/** Tokens and cost of what would be sent, estimated by the service. */
class Estimating {
  /** In the order of the request's lanes; null if nothing is typed, or while the first estimate is running. */
  lanes = $state.raw<readonly LaneEstimate[] | null>(null)
  /** Why there is no estimate; sending would fail for the same reason. */
  problem = $state('')

  #timer: ReturnType<typeof setTimeout> | undefined
  #abort = new AbortController()

  /** Null if there is nothing to estimate. */
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
      // Other errors are temporary, and no reason to alarm someone who is still typing.
      this.problem = error instanceof Problem && error.status === 422 ? inWords(error) : ''
    }
  }
}

export const estimating = new Estimating()

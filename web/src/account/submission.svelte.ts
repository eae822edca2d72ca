import { inWords, Problem } from '../api/problem'

/** The state of a form submission: whether it is in progress, and its result. */
export class Submission {
  busy = $state(false)
  problem = $state.raw<unknown>(null)

  /** `fields`: the fields of the form, which show their own errors. */
  constructor(readonly fields: readonly string[] = []) {}

  /** Run `act` unless a submission is in progress; true if it succeeded. */
  async run(act: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false
    this.busy = true
    this.problem = null
    try {
      await act()
      return true
    } catch (error) {
      this.problem = error
      return false
    } finally {
      this.busy = false
    }
  }

  /** The error of that field, if any. */
  about(field: string): string | null {
    return this.problem instanceof Problem ? this.problem.about(field) : null
  }

  /** The error that doesn't belong to a field of the form, if any. */
  get general(): string | null {
    if (this.problem === null || this.fields.some((field) => this.about(field) !== null)) return null
    return inWords(this.problem)
  }
}

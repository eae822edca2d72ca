import { inWords, Problem } from '../api/problem'

/** A form that is sent: whether it is under way, and what came of it. */
export class Submission {
  busy = $state(false)
  problem = $state.raw<unknown>(null)

  /** `fields`: those of the form, which show what is wrong with them. */
  constructor(readonly fields: readonly string[] = []) {}

  /** True: it worked. Never twice at once. */
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

  /** What is wrong with that field. */
  about(field: string): string | null {
    return this.problem instanceof Problem ? this.problem.about(field) : null
  }

  /** What is wrong and stands beside no field. */
  get general(): string | null {
    if (this.problem === null || this.fields.some((field) => this.about(field) !== null)) return null
    return inWords(this.problem)
  }
}

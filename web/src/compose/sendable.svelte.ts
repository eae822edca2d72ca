import * as calls from '../api/calls'
import { Problem } from '../api/problem'
import { catalogue } from '../models/catalogue.svelte'
import { choice, type ChosenLane } from './choice.svelte'

/** Which of the chosen lanes can be sent: a link or a preset may contain models that don't exist, or that this user may not use. */
class Sendable {
  /** By model: why it can't be used, in the service's words. */
  problems = $state.raw<ReadonlyMap<string, string>>(new Map())

  readonly lanes: readonly ChosenLane[] = $derived(choice.lanes.filter((lane) => !this.problems.has(lane.model)))
  readonly left: readonly string[] = $derived(
    choice.lanes.filter((lane) => this.problems.has(lane.model)).map((lane) => lane.model),
  )

  #asked = new Map<string, readonly unknown[]>()

  /**
   * Ask the service about chosen models that are in no list. Only the service knows them: bare names are looked up, and some models are not
   * listed.
   */
  async check(): Promise<void> {
    const lists = catalogue.models
    const models = [...new Set(choice.lanes.map((lane) => lane.model))].filter(
      (model) => catalogue.find(model) === undefined && this.#asked.get(model) !== lists,
    )
    for (const model of models) this.#asked.set(model, lists)
    let rest = models
    // A response names all unknown models, or else all refused ones.
    while (rest.length > 0) {
      try {
        await calls.estimate({ prompt: 'Hello', lanes: rest.map((model) => ({ model })) })
        const fine = rest
        this.problems = new Map([...this.problems].filter(([model]) => !fine.includes(model)))
        return
      } catch (error) {
        const wrong = this.refused(error, rest)
        if (wrong.length === 0) {
          for (const model of rest) this.#asked.delete(model)
          return
        }
        rest = rest.filter((model) => !wrong.includes(model))
      }
    }
  }

  /** Read from an error response which of these models can't be used. */
  refused(error: unknown, models: readonly string[]): readonly string[] {
    if (!(error instanceof Problem)) return []
    const wrong = new Map<string, string>()
    models.forEach((model, position) => {
      const reason = error.about(`lanes.${position}.model`)
      if (reason !== null) wrong.set(model, reason)
    })
    if (wrong.size > 0) this.problems = new Map([...this.problems, ...wrong])
    return [...wrong.keys()]
  }
}

export const sendable = new Sendable()

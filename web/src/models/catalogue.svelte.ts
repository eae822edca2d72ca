import * as calls from '../api/calls'
import { inWords } from '../api/problem'
import type { Model, Provider } from '../api/shapes'

/** The models of the configured providers. */
class Catalogue {
  models = $state.raw<readonly Model[]>([])
  providers = $state.raw<readonly Provider[]>([])
  state = $state<'new' | 'loading' | 'ready' | 'failed'>('new')
  failure = $state('')

  readonly #byId = $derived(new Map(this.models.map((model) => [model.id, model])))

  find(id: string): Model | undefined {
    return this.#byId.get(id)
  }

  /** Whether a list has the model, perhaps without the route at the end of its name, such as `:groq`. */
  lists(id: string): boolean {
    return this.#byId.has(id) || this.#byId.has(id.slice(0, Math.max(id.lastIndexOf(':'), 0)))
  }

  /** Load the models, with retries. */
  async load(): Promise<void> {
    if (this.state === 'loading') return
    this.state = 'loading'
    try {
      const models: Model[] = []
      let cursor: string | null = null
      do {
        const page: Awaited<ReturnType<typeof calls.models>> = await calls.models(cursor)
        models.push(...page.items)
        this.providers = page.providers
        cursor = page.nextCursor
      } while (cursor !== null)
      this.models = models
      this.state = 'ready'
    } catch (error) {
      this.failure = inWords(error)
      this.state = 'failed'
    }
  }
}

export const catalogue = new Catalogue()

/** Models whose names contain all words, best match first: those whose own name starts with the first word come before the others. */
export function matching(models: readonly Model[], text: string, provider: string | null): readonly Model[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const found = models.filter((model) => {
    if (provider !== null && model.provider !== provider) return false
    const names = `${model.id} ${model.displayName}`.toLowerCase()
    return words.every((word) => names.includes(word))
  })
  const [first] = words
  if (first === undefined) return found
  const begins = (model: Model) =>
    model.name.toLowerCase().startsWith(first) || model.displayName.toLowerCase().startsWith(first)
  return [...found.filter(begins), ...found.filter((model) => !begins(model))]
}

import type { Block, Definition } from './block'

/**
 * The targets of an answer's references, wherever they are defined: `[1]: https://...` may come after all uses of `[1]`, and most answers
 * end with such a list of sources.
 */
export class References {
  readonly #definitions = new Map<string, Definition>()
  readonly #footnotes = new Set<string>()
  readonly #waiting = new Map<string, Set<Shown>>()
  /** Settled blocks with references that were not defined at that time. */
  readonly #stale = new Set<Shown>()

  /** Add a definition; the first one for a label counts. */
  define(blocks: readonly Block[]): void {
    for (const { definition, label } of blocks) {
      const key = keyOf(definition?.label ?? `^${label}`)
      if (this.#definitions.has(key) || this.#footnotes.has(key)) continue
      if (definition) this.#definitions.set(key, definition)
      else this.#footnotes.add(key)
      for (const shown of this.#waiting.get(key) ?? []) this.#stale.add(shown)
      this.#waiting.delete(key)
    }
  }

  find(label: string): Definition | undefined {
    return this.#definitions.get(keyOf(label))
  }

  /** `label` starts with `^`. */
  hasFootnote(label: string): boolean {
    return this.#footnotes.has(keyOf(label))
  }

  /** `shown` is settled, and has references without a definition yet. */
  watch(shown: Shown, labels: readonly string[]): void {
    for (const label of labels) {
      const key = keyOf(label)
      const waiting = this.#waiting.get(key)
      if (waiting) waiting.add(shown)
      else this.#waiting.set(key, new Set([shown]))
    }
  }

  /** The next block to show again. */
  nextStale(): Shown | null {
    const [next] = this.#stale
    if (next === undefined) return null
    this.#stale.delete(next)
    return next
  }
}

export interface Shown {
  block: Block
  node: HTMLElement
}

function keyOf(label: string): string {
  return label.trim().replace(/\s+/g, ' ').toLowerCase()
}

import { SvelteSet } from 'svelte/reactivity'
import { beforeLogout } from '../account/login.svelte'
import { deleteSession } from '../api/calls'
import { inWords, Problem } from '../api/problem'
import { notices } from '../shell/notices.svelte'

/** For so long a deletion can be undone. */
export const UNDO_MS = 8_000

/**
 * Sessions that are deleted in a moment, unless that is undone. Several within that time are one, and are undone together.
 * When the page is closed or its user logs out meanwhile, they are deleted at once.
 */
export class Deletions {
  /** As good as deleted: not to be shown any more. */
  readonly gone = new SvelteSet<string>()

  #waiting = new Map<string, string>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #dismiss: (() => void) | null = null

  /** There is something to undo. */
  pending = $state(false)

  delete({ id, title }: { id: string; title: string }): void {
    this.gone.add(id)
    this.#waiting.set(id, title)
    this.pending = true
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.now(), UNDO_MS)
    this.#dismiss?.()
    const text =
      this.#waiting.size === 1 ? `Deleted “${shortened(title)}”` : `Deleted ${this.#waiting.size} comparisons`
    this.#dismiss = notices.tell(text, { action: { title: 'Undo', run: () => this.undo() }, lasts: UNDO_MS })
  }

  undo(): void {
    for (const id of this.#waiting.keys()) this.gone.delete(id)
    this.#end()
  }

  /** Without waiting any longer. */
  async now(): Promise<void> {
    const ids = [...this.#waiting.keys()]
    this.#end()
    await Promise.all(ids.map((id) => this.#ask(id)))
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#dismiss?.()
    this.#dismiss = null
    this.#waiting.clear()
    this.pending = false
  }

  async #ask(id: string): Promise<void> {
    try {
      await deleteSession(id)
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return
      this.gone.delete(id)
      notices.tell(`Couldn't delete the comparison. ${inWords(error)}`, { kind: 'bad' })
    }
  }
}

function shortened(title: string): string {
  return title.length > 60 ? `${title.slice(0, 59).trimEnd()}…` : title
}

export const deletions = new Deletions()

beforeLogout(() => deletions.now())
addEventListener('pagehide', () => void deletions.now())

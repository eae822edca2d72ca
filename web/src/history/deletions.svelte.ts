import { SvelteSet } from 'svelte/reactivity'
import { beforeLogout } from '../account/login.svelte'
import { deleteSession } from '../api/calls'
import { inWords, Problem } from '../api/problem'
import { notices } from '../shell/notices.svelte'

/** How long a deletion can be undone. */
export const UNDO_MS = 8_000

/**
 * Sessions that will be deleted in a moment, unless that is undone. Several within that time are undone together. If the page is closed or
 * the user logs out, they are deleted immediately.
 */
export class Deletions {
  /** Waiting for deletion, so not shown any more. */
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
    this.#dismiss = notices.show(text, { action: { title: 'Undo', run: () => this.undo() }, durationMs: UNDO_MS })
  }

  undo(): void {
    for (const id of this.#waiting.keys()) this.gone.delete(id)
    this.#end()
  }

  /** Delete immediately. */
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
      notices.show(`Couldn't delete the comparison. ${inWords(error)}`, { kind: 'bad' })
    }
  }
}

function shortened(title: string): string {
  return title.length > 60 ? `${title.slice(0, 59).trimEnd()}…` : title
}

export const deletions = new Deletions()

beforeLogout(() => deletions.now())
addEventListener('pagehide', () => void deletions.now())

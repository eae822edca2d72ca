import * as calls from '../api/calls'
import { inWords } from '../api/problem'
import type { SessionSummary } from '../api/shapes'
import { queryOf, type Filter } from './filter'

/** The sessions that match a filter, newest first, page by page. */
export class SessionList {
  items = $state.raw<readonly SessionSummary[]>([])
  state = $state<'loading' | 'ready' | 'more' | 'failed'>('loading')
  failure = $state('')
  /** There are older ones. */
  hasMore = $state(false)

  #filter: Filter | null = null
  #cursor: string | null = null
  #abort = new AbortController()

  /** Load at least `count` sessions, from the newest on. The current ones stay visible until the response arrives. */
  async load(filter: Filter, count = 0): Promise<void> {
    this.#filter = filter
    this.#cursor = null
    this.state = 'loading'
    await this.#page()
    while (this.#filter === filter && this.#lacks(count)) await this.more()
  }

  #lacks(count: number): boolean {
    return this.state === 'ready' && this.hasMore && this.items.length < count
  }

  async more(): Promise<void> {
    if (this.state !== 'ready' || !this.hasMore) return
    this.state = 'more'
    await this.#page()
  }

  /** Load the page that failed again. */
  async again(): Promise<void> {
    this.state = this.#cursor === null ? 'loading' : 'more'
    await this.#page()
  }

  /** Stop loading. */
  leave(): void {
    this.#abort.abort()
  }

  /** Throws `Problem`, and restores the old title then. */
  async rename(id: string, title: string): Promise<void> {
    const before = this.items.find((item) => item.id === id)?.title ?? ''
    this.#retitle(id, title)
    try {
      await calls.renameSession(id, title)
    } catch (error) {
      this.#retitle(id, before)
      throw error
    }
  }

  #retitle(id: string, title: string): void {
    this.items = this.items.map((item) => (item.id === id ? { ...item, title } : item))
  }

  async #page(): Promise<void> {
    if (this.#filter === null) return
    this.#abort.abort()
    const { signal } = (this.#abort = new AbortController())
    const cursor = this.#cursor
    try {
      const page = await calls.sessions({ ...queryOf(this.#filter), cursor, limit: 50 }, signal)
      this.items = cursor === null ? page.items : [...this.items, ...page.items]
      this.#cursor = page.nextCursor
      this.hasMore = page.nextCursor !== null
      this.state = 'ready'
    } catch (error) {
      if (signal.aborted) return
      this.failure = inWords(error)
      this.state = 'failed'
    }
  }
}

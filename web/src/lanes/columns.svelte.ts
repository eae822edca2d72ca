import { SvelteMap, SvelteSet } from 'svelte/reactivity'

/** The bounds of a column's width in px. The same bounds are in tokens.css. */
export const LEAST_WIDTH = 320
export const MOST_WIDTH = 1200

/** The state of the columns, by the lanes' keys: their widths and order, and which are collapsed or maximized. */
class Columns {
  /** Chosen widths; the other columns share the remaining space. */
  readonly widths = new SvelteMap<string, number>()
  readonly collapsed = new SvelteSet<string>()
  expanded = $state<string | null>(null)
  #order = $state.raw<readonly string[]>([])

  /** In the user's order; lanes without a position come last. */
  ordered<T extends { key: string }>(lanes: readonly T[]): readonly T[] {
    const place = (lane: T) => {
      const index = this.#order.indexOf(lane.key)
      return index === -1 ? Infinity : index
    }
    return [...lanes].sort((one, other) => (place(one) === place(other) ? 0 : place(one) - place(other)))
  }

  /** Move to the position of the column `before`; null: to the end. */
  move(all: readonly { key: string }[], key: string, before: string | null): void {
    if (key === before) return
    const others = all.map((lane) => lane.key).filter((each) => each !== key)
    const at = before === null ? others.length : others.indexOf(before)
    this.#order = [...others.slice(0, at), key, ...others.slice(at)]
  }

  resize(key: string, width: number): void {
    this.widths.set(key, Math.round(Math.min(Math.max(width, LEAST_WIDTH), MOST_WIDTH)))
  }

  toggle(key: string): void {
    if (!this.collapsed.delete(key)) this.collapsed.add(key)
    if (this.expanded === key) this.expanded = null
  }

  expand(key: string): void {
    this.expanded = this.expanded === key ? null : key
    this.collapsed.delete(key)
  }
}

export const columns = new Columns()

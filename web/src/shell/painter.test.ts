import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Paintable, Painter } from './painter'

/** Grows continuously, like a lane, and takes a number of ms to show new text. */
class Column implements Paintable {
  paintedAt: number[] = []

  constructor(
    readonly seen: boolean,
    readonly takes = 0,
    /** The number of calls until everything is shown. */
    readonly parts = 1,
  ) {}

  paint(): boolean {
    this.paintedAt.push(performance.now())
    vi.advanceTimersByTime(this.takes)
    return this.paintedAt.length % this.parts === 0
  }
}

function run(columns: readonly Column[], milliseconds: number): void {
  const painter = new Painter()
  for (let passed = 0; passed < milliseconds; passed += 10) {
    for (const column of columns) painter.ask(column)
    vi.advanceTimersByTime(10)
  }
}

describe('the painter', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('gives all columns their turn, each the less often the more there are', () => {
    const often = (count: number) => {
      const columns = Array.from({ length: count }, () => new Column(true))
      run(columns, 3_000)
      const times = columns.map((column) => column.paintedAt.length)
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(2)
      return Math.min(...times) / 3
    }
    const [one, eight, sixteen] = [often(1), often(8), often(16)]
    expect(one).toBeGreaterThan(12)
    expect(eight).toBeGreaterThan(7)
    expect(sixteen).toBeGreaterThan(4)
    expect(one).toBeGreaterThan(eight)
    expect(eight).toBeGreaterThan(sixteen)
  })

  it('paints in few frames, however many columns there are', () => {
    const columns = Array.from({ length: 16 }, () => new Column(true))
    run(columns, 1_000)
    const frames = new Set(columns.flatMap((column) => column.paintedAt))
    expect(frames.size).toBeLessThanOrEqual(22)
  })

  it('ends a frame when its time is over, and continues in the next', () => {
    const painter = new Painter()
    const columns = Array.from({ length: 6 }, () => new Column(true, 4))
    for (const column of columns) painter.ask(column)
    vi.advanceTimersByTime(200)
    const starts = columns.map((column) => column.paintedAt[0] ?? NaN)
    expect(starts.every((start) => start >= 0)).toBe(true)
    const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0))
    expect(gaps.filter((gap) => gap > 5).length).toBeGreaterThanOrEqual(2)
  })

  it('paints what is not seen when what is seen is done', () => {
    const painter = new Painter()
    const [seen, unseen] = [new Column(true, 0, 3), new Column(false)]
    painter.ask(unseen)
    painter.ask(seen)
    vi.advanceTimersByTime(500)
    expect(seen.paintedAt).toHaveLength(3)
    expect(unseen.paintedAt).toHaveLength(1)
    expect(unseen.paintedAt[0]).toBeGreaterThan(seen.paintedAt[2] ?? Infinity)
  })

  it('paints everything else when one fails', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined)
    const painter = new Painter()
    const failing: Paintable = {
      seen: true,
      paint: () => {
        throw new RangeError('too deep')
      },
    }
    const [before, after] = [new Column(true), new Column(true)]
    for (let beat = 0; beat < 20; beat++) {
      for (const each of [before, failing, after]) painter.ask(each)
      vi.advanceTimersByTime(50)
    }
    expect(before.paintedAt.length).toBeGreaterThan(3)
    expect(after.paintedAt.length).toBeGreaterThan(3)
    expect(warn).toHaveBeenCalled()
    warn.mockRestore()
  })
})

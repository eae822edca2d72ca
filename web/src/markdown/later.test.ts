import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { later } from './later'

describe('what is done later', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is done in slices, all of it in the end', () => {
    const doneAt: number[] = []
    for (let index = 0; index < 20; index++) {
      later(document.createElement('code'), () => {
        doneAt.push(performance.now())
        vi.advanceTimersByTime(2)
      })
    }
    expect(doneAt).toEqual([])
    vi.advanceTimersByTime(1_000)
    expect(doneAt).toHaveLength(20)
    const pauses = doneAt.slice(1).filter((at, index) => at - (doneAt[index] ?? 0) > 10)
    expect(pauses.length).toBeGreaterThanOrEqual(4)
  })

  it('is only the last of what was asked for one element', () => {
    const element = document.createElement('code')
    const done: string[] = []
    later(element, () => done.push('first'))
    later(element, () => done.push('second'))
    vi.advanceTimersByTime(100)
    expect(done).toEqual(['second'])
  })

  it('is done although something before it fails', () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined)
    const done: string[] = []
    later(document.createElement('code'), () => {
      throw new RangeError('too deep')
    })
    later(document.createElement('code'), () => done.push('second'))
    vi.advanceTimersByTime(100)
    expect(done).toEqual(['second'])
    expect(warn).toHaveBeenCalledOnce()
    warn.mockRestore()
  })
})

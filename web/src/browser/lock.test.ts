import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { withLock } from './lock'

const LEASE = 'playground.lease.test'

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('navigator', {})
})
afterEach(() => {
  localStorage.clear()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('runs one after another where there are no Web Locks', async () => {
  const order: string[] = []
  const act = (name: string) => async () => {
    order.push(`${name} begins`)
    await new Promise((resolve) => setTimeout(resolve, 120))
    order.push(`${name} ends`)
  }
  const both = Promise.all([withLock('test', act('first')), withLock('test', act('second'))])
  await vi.runAllTimersAsync()
  await both
  expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
  expect(localStorage.getItem(LEASE)).toBeNull()
})

it('gives the lease back when what it was for fails', async () => {
  await expect(withLock('test', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(localStorage.getItem(LEASE)).toBeNull()
})

it('takes over the lease of a tab that is gone, and one of a clock that was put back', async () => {
  for (const until of [Date.now() - 1, Date.now() + 3_600_000]) {
    localStorage.setItem(LEASE, `${until} another`)
    expect(await withLock('test', () => Promise.resolve('mine'))).toBe('mine')
  }
})

it('waits for the lease of another tab until it is over', async () => {
  localStorage.setItem(LEASE, `${Date.now() + 2_000} another`)
  const began = Date.now()
  const waited = withLock('test', () => Promise.resolve(Date.now() - began))
  await vi.runAllTimersAsync()
  expect(await waited).toBeGreaterThanOrEqual(2_000)
})

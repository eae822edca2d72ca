import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useTokens } from '../api/client'
import { notices } from '../shell/notices.svelte'
import { Deletions, UNDO_MS } from './deletions.svelte'

const asked: string[] = []
let answer = () => new Response(null, { status: 204 })

beforeEach(() => {
  vi.useFakeTimers()
  useTokens({ token: () => Promise.resolve('token'), refused: () => Promise.resolve(false) })
  for (const notice of notices.all) notices.dismiss(notice)
  asked.length = 0
  answer = () => new Response(null, { status: 204 })
  vi.stubGlobal('fetch', (path: string, { method, keepalive }: RequestInit) => {
    if (method === 'DELETE') asked.push(`${path}${keepalive ? '' : ', and not for long'}`)
    return Promise.resolve(answer())
  })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const one = { id: 'one', title: 'First' }
const two = { id: 'two', title: 'Second' }

describe('deleting sessions', () => {
  it('takes place if it is not undone in time, also when the page is closed', async () => {
    const deletions = new Deletions()
    deletions.delete(one)
    expect([deletions.gone.has('one'), deletions.pending]).toEqual([true, true])
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1)
    expect(asked).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toEqual(['/playground/sessions/one'])
    expect([deletions.gone.has('one'), deletions.pending]).toEqual([true, false])
  })

  it('can be undone, several together', async () => {
    const deletions = new Deletions()
    deletions.delete(one)
    await vi.advanceTimersByTimeAsync(UNDO_MS / 2)
    deletions.delete(two)
    expect(notices.all.map(({ text }) => text)).toEqual(['Deleted 2 comparisons'])
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1)
    notices.all[0]?.action?.run()
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(asked).toEqual([])
    expect([deletions.gone.size, deletions.pending, notices.all.length]).toEqual([0, false, 0])
  })

  it('happens at once when the page goes', async () => {
    const deletions = new Deletions()
    deletions.delete(one)
    deletions.delete(two)
    await deletions.now()
    expect(asked.sort()).toEqual(['/playground/sessions/one', '/playground/sessions/two'])
    await vi.advanceTimersByTimeAsync(UNDO_MS)
    expect(asked.length).toBe(2)
  })

  it('that fails shows them again, and says why', async () => {
    const deletions = new Deletions()
    answer = () => Response.json({ type: 'urn:playground:problem:unavailable', detail: 'Away.' }, { status: 503 })
    deletions.delete(one)
    await deletions.now()
    expect(deletions.gone.has('one')).toBe(false)
    expect(notices.all.at(-1)?.text).toBe("Couldn't delete the comparison. Away.")
  })
})

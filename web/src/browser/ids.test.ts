import { afterEach, expect, it, vi } from 'vitest'
import { randomId } from './ids'

afterEach(() => vi.unstubAllGlobals())

it('makes UUIDs of version 4 where there is no randomUUID', () => {
  vi.stubGlobal('crypto', { getRandomValues: <T extends Uint8Array>(bytes: T) => bytes.fill(0xff) })
  expect(randomId()).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff')
})

it('makes different ones', () => {
  const real = crypto
  vi.stubGlobal('crypto', { getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => real.getRandomValues(bytes) })
  expect(new Set(Array.from({ length: 100 }, randomId)).size).toBe(100)
})

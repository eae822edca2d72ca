import { describe, expect, it } from 'vitest'
import { inTokens, times, tokensAt } from './samples'

describe('tokens over time', () => {
  it('are those of the sample before', () => {
    const samples = [
      [0, 1],
      [100, 5],
      [300, 9],
    ] as const
    expect([-1, 0, 99, 100, 250, Infinity].map((when) => tokensAt(samples, when))).toEqual([0, 1, 1, 5, 5, 9])
    expect(tokensAt([], 5)).toBe(0)
  })

  it('are shares of what the provider counted, by the characters that had come', () => {
    const samples = [
      [0, 0],
      [50, 40],
      [100, 160],
    ] as const
    expect(inTokens(samples, 42)).toEqual([
      [0, 0],
      [50, 11],
      [100, 42],
    ])
    expect(inTokens(samples, null).at(-1)).toEqual([100, 40])
    expect(inTokens([], 42)).toEqual([])
  })

  it('are told at a few moments', () => {
    expect(times([0, 1_000, 500], 4)).toEqual([250, 500, 750, 1_000])
    expect(times([])).toEqual([])
    expect(times([0])).toEqual([0])
    expect(times([0, 3], 10)).toEqual([0, 1, 2, 3])
  })
})

import { describe, expect, it } from 'vitest'
import { fromQuery, inShort, type ModelSet, toQuery, usableNumber } from './chosen'

const SET: ModelSet = {
  lanes: [
    { model: 'sim/quick' },
    {
      model: 'openrouter/meta-llama/llama-3.3:free',
      temperature: 0.2,
      system: 'Be brief & kind | 100 %',
      stop: ['a,b', '\n'],
    },
    { model: 'sim/quick', reasoningEffort: 'low', seed: -3 },
  ],
  all: { maxTokens: 500, topP: 0.9 },
}

describe('a set of models', () => {
  it('stands in the address, whole', () => {
    expect(fromQuery(new URLSearchParams(toQuery(SET)))).toEqual(SET)
  })

  it('is short in the address when nothing is set', () => {
    expect(toQuery({ lanes: [{ model: 'sim/quick' }, { model: 'sim/careful' }], all: {} })).toBe(
      'lane=sim/quick&lane=sim/careful',
    )
  })

  it('may be written by hand', () => {
    expect(fromQuery(new URLSearchParams('models=sim/quick,%20sim/careful,'))).toEqual({
      lanes: [{ model: 'sim/quick' }, { model: 'sim/careful' }],
      all: {},
    })
  })

  it('leaves out what the service would refuse', () => {
    const query = new URLSearchParams({
      lane: 'a/b|temperature=9&maxTokens=1.5&seed=x&reasoningEffort=wild',
      all: 'topP=0',
    })
    expect(fromQuery(query)).toEqual({ lanes: [{ model: 'a/b' }], all: {} })
    expect(fromQuery(new URLSearchParams(`models=${'a/b,'.repeat(20)}`))?.lanes).toHaveLength(16)
    expect(fromQuery(new URLSearchParams('q=x'))).toBeNull()
  })

  it('is summarised in few words', () => {
    expect(inShort({ temperature: 0, maxTokens: 500, system: 'x' })).toBe(
      'temperature 0 · max 500 tokens · system prompt',
    )
    expect(usableNumber('temperature', ' ')).toBeNull()
  })
})

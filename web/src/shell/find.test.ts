import { describe, expect, it } from 'vitest'
import { fitting } from './find'

const titles = ['Go to the history', 'Theme: dark', 'Show the keyboard shortcuts', 'Add a lane', 'Go to the costs']
const found = (typed: string) => fitting(titles, (title) => title, typed)

describe('what is typed into the palette', () => {
  it('finds titles that hold all of its words, in any order', () => {
    expect(found('costs go')).toEqual(['Go to the costs'])
    expect(found('')).toEqual(titles)
    expect(found('zebra')).toEqual([])
  })

  it('finds beginnings of titles first, then beginnings of words, then letters in order', () => {
    expect(found('the')).toEqual(['Theme: dark', 'Go to the history', 'Show the keyboard shortcuts', 'Go to the costs'])
    expect(found('gtry')).toEqual(['Go to the history'])
  })
})

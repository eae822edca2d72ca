import { describe, expect, it } from 'vitest'
import { shown, shownTree } from './shown.testing'

function texts(root: HTMLElement, selector: string): string[] {
  return [...root.querySelectorAll(selector)].map((each) => each.textContent)
}

function links(root: HTMLElement): (string | null)[] {
  return [...root.querySelectorAll('a')].map((each) => each.getAttribute('href'))
}

describe('Markdown of a chat', () => {
  it('strikes what stands between two tildes only', () => {
    const root = shownTree('About 3~5 days, 100~200 in all; (~$2) and (~$9), ~~gone~~ and ~here~, ~~~no~~~.')
    expect(texts(root, 'del')).toEqual(['gone'])
    expect(root.textContent).toBe('About 3~5 days, 100~200 in all; (~$2) and (~$9), gone and ~here~, ~~~no~~~.')
  })

  it.each([
    ['**用了十年，**年', 'strong', '用了十年，'],
    ['这是**“重点”**的', 'strong', '“重点”'],
    ['**注意：**请看', 'strong', '注意：'],
    ['**중요(注):**입니다', 'strong', '중요(注):'],
    ['これは**「例」**です', 'strong', '「例」'],
    ['说*（小）*字', 'em', '（小）'],
    ['~~（旧）~~新', 'del', '（旧）'],
    ['𠮷**（x）**𠮷', 'strong', '（x）'],
  ])('marks what stands beside punctuation of CJK: %s', (text, element, marked) => {
    expect(texts(shownTree(text), element)).toEqual([marked])
  })

  it.each(['a**“x”**b', 'a * b * c', '2*3*4 is 2 * 12', 'snake_case_name', '** a **'])(
    'leaves emphasis as CommonMark has it elsewhere: %s',
    (text) => {
      expect(shownTree(text).querySelectorAll('strong')).toHaveLength(0)
    },
  )

  it('shows the address of a link without words', () => {
    const root = shownTree('[](https://example.org/a) [ ](https://example.org/b) [**b**](https://example.org/c)')
    expect(texts(root, 'a')).toEqual(['https://example.org/a', 'https://example.org/b', 'b'])
  })

  it('keeps the ends of lines where the text is no code', () => {
    const root = shownTree('one\ntwo\n\n- three\n  four\n\n> five\n> six\n\n```\nseven\neight\n```\n\n`nine\nten`')
    expect(texts(root, 'code')).toEqual(['seven\neight', 'nine ten'])
    expect(root.querySelectorAll('p > br, li br, blockquote br')).toHaveLength(3)
  })

  it('links what is defined later, or within a paragraph, and shows the definitions', () => {
    const filler = 'A paragraph.\n\n'.repeat(200)
    const text = `See [1], [the site][2] and [3].\n\n${filler}Sources:\n[1]: https://example.org/a\n[2]: https://example.org/b "B"\n`
    const root = shownTree(text)
    expect(links(root)).toEqual([
      'https://example.org/a',
      'https://example.org/b',
      'https://example.org/a',
      'https://example.org/b',
    ])
    expect(root.querySelector('p')?.textContent).toBe('See [1], the site and [3].')
    expect(texts(root, '.definition')).toEqual(['[1]: https://example.org/a', '[2]: https://example.org/b B'])
    expect(shown([...text])).toBe(shown([text]))
  })

  it('shows footnotes where they are used and where they are defined', () => {
    const root = shownTree('One[^1], two[^b], [^none].\n\n[^1]: The *note*.\n\n    More.\n[^b]: https://example.org/b')
    expect(texts(root, 'sup')).toEqual(['[1]', '[b]'])
    expect(texts(root, '.footnote')).toEqual(['[1]The note.More.', '[b]https://example.org/b'])
    expect(root.querySelector('p')?.textContent).toContain('[^none]')
  })

  it('shows alerts', () => {
    const root = shownTree('> [!NOTE]\n> Mind this.\n\n> [!caution]\n> And that.\n\n> [!NOTE] not so')
    expect(texts(root, '.alert.note p')).toEqual(['Note', 'Mind this.'])
    expect(texts(root, '.alert.caution .alert-title')).toEqual(['Caution'])
    expect(root.lastElementChild?.lastElementChild?.textContent).toBe('[!NOTE] not so')
  })

  it.each([
    ['[read](README.md)', 'README.md'],
    ['[x]: y z', '[x]: y z'],
    ['[x]: ./relative', './relative'],
    ['| a | b |\n|---|---|\n| 1 | 2 | more |', 'more'],
    ['$$\nnever closed', '$$'],
    ['<!-- a comment -->', 'a comment'],
    ['[^1]: unused', 'unused'],
    ['[unused]: https://example.org/unused', 'https://example.org/unused'],
  ])('drops nothing: %s', (text, kept) => {
    expect(shownTree(text).textContent).toContain(kept)
  })
})

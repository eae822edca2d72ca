import { describe, expect, it } from 'vitest'
import { shown } from './shown.testing'

const TEXTS: Record<string, string> = {
  verse: 'A pond at dusk\nno ripple on it\nthen one frog\n\nGrace Hopper\n1 Sample Street\n',
  tildes: 'About 3~5 days, 100~200 in all (~$2 to ~$9), but ~~gone~~ and ~here~.\n',
  cjk: '**用了十年，**年\n\n这是**“重点”**的。**注意：**请看。*「例」*的 ~~（旧）~~新\n\n**중요(注):**입니다\n',
  sources: `Rome is old [1], and has the [Forum][2] and a [hill][].\n\n${'One more paragraph of the answer.\n\n'.repeat(60)}Sources:\n[1]: https://example.org/rome\n[2]: <https://example.org/forum> "Forum"\n\n[hill]: https://example.org/hill\n`,
  footnotes:
    'First[^1], second[^two] and none[^3].\n\n- item[^1]\n\n[^1]: The note,\n    in two lines.\n\n    And more.\n[^two]: https://example.org/two\n\nThe end.',
  'head of a table': '| a[^1] | [b] |\n|---|---|\n| [b] | 2 |\n\n[^1]: note\n[b]: https://example.org/b\n',
  alerts: '> [!NOTE]\n> Careful.\n> - one\n\n> [!warning]\n\n> [!NOTE] in the line\n\n> [!OTHER]\n> x\n',
  lists:
    '- one\n  two\n\n  three\n- - nested\n  1. deeper\n     ```py\n     x = 1\n     ```\n3. third\n4) fourth\n- [ ] open\n- [x] done\n\n\n- after\nlazy line\n',
  rules: 'Head\n---\n\n---\n- - -\n***\nNot a\n===\n# One #\n#hash\n####### seven\n',
  quotes: '> one\nlazy\n> > two\n> back\n\n> ```\n> code\n> ```\nout\n',
  tables:
    'before\n| a | b |\n|--:|:--|\n| 1 |\n| 1 | 2 | 3 |\n| `x\\|y` | **z** |\n- list\n\na | b\n- | -\n1 | 2\n\n| no | table |\n|---|\n',
  code: '    indented\n\n    more\n\n```js title="x"\na\n\n  b\n``\n````\n~~~\nnever closed\n',
  html: '<details>\n<summary>*x*</summary>\n\n**b** H<sub>2</sub>O<br>next <!-- no *mark* --> <x>\n\n<script>\n\n*a*\n</script>\n*b*\n',
  formulas: 'Inline $x_1$, \\(y\\), $5 and $6.\n\n$$\na\n$$\n\\[ b \\]\nand \\[ c \\] there\n\n$$\nnever\n\nclosed\n',
  addresses:
    'See https://example.org/a_b_c), www.example.org, me@example.org, <https://example.org>, [x](https://example.org/(y) "t") and [z](z.md).\n',
  marks:
    '***a** b* *a **b*** __x__ snake_case_word **open *mixed** end* `` a`b `` \\*no\\* &amp; &copy; &nope; a\\\nb  \nc',
}

/** Numbers that are the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
    yield state >> 8
  }
}

function pieces(text: string, random: Generator<number, never>, longest: number): string[] {
  const result: string[] = []
  for (let at = 0; at < text.length; at += result.at(-1)?.length ?? 1)
    result.push(text.slice(at, at + 1 + (random.next().value % longest)))
  return result
}

describe('an answer that streams', () => {
  it.each(Object.entries(TEXTS))('looks in the end as it does at once: %s', (_, text) => {
    const whole = shown([text])
    expect(shown([...text])).toBe(whole)
    const random = numbers(7)
    for (let round = 0; round < 10; round++) expect(shown(pieces(text, random, 12))).toBe(whole)
  })

  it('looks as it does at once, whatever is in it', () => {
    const parts = Object.values(TEXTS).flatMap((text) => text.match(/\n+|[^\n]{1,7}/g) ?? [])
    const random = numbers(3)
    for (let round = 0; round < 200; round++) {
      const length = 3 + (random.next().value % 30)
      const text = Array.from({ length }, () => parts[random.next().value % parts.length]).join('')
      const whole = shown([text])
      expect(shown([...text]), JSON.stringify(text)).toBe(whole)
      expect(shown(pieces(text, random, 9)), JSON.stringify(text)).toBe(whole)
    }
  })

  it.each([
    ['a long line', 'word **bold** and 是，'.repeat(3_000)],
    ['a word', 'a'.repeat(30_000)],
    ['a list', '- an item of *many*\n'.repeat(1_000)],
    ['a table', `| a | b |\n|---|---|\n${'| 1 | *2* |\n'.repeat(700)}`],
    ['a quote', '> a paragraph\n>\n'.repeat(700)],
    ['verse', 'a line of verse\n'.repeat(2_000)],
    ['levels', `${'> - '.repeat(300)}deep\n\nafter`],
    ['rules', '- '.repeat(5_000)],
    ['a fence', '`'.repeat(9_000) + '\ncode'],
    ['marks', '*a'.repeat(10_000)],
  ])('looks as it does at once when it is too long for one element: %s', (_, text) => {
    const whole = shown([text])
    const random = numbers(5)
    for (let round = 0; round < 3; round++) expect(shown(pieces(text, random, 3_000))).toBe(whole)
  })
})

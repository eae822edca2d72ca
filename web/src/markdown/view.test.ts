import { describe, expect, it, vi } from 'vitest'
import { shown } from './shown.testing'
import { MarkdownView } from './view'

const ANSWER = `# Title

A paragraph with **bold**, *stress*, \`code\` and a [link](https://example.org/a?b=1&c=2 "there").
It goes on &amp; on — x &lt; y<br>next, H<sub>2</sub>O.

- one
- two

  still two
- [x] three
  1. nested
  2. more

-

Setext
======

| a | b |
| --- | :-: |
| 1 | **2** |
| 3 | \`4\` |

\`\`\`python title="x"
def f(x):
    return \`x\`

# not a heading
\`\`\`

> quoted
> - list
>
> \`\`\`js
> let a = 1
> \`\`\`

1. a
   \`\`\`
   in a list
   \`\`\`
2. b

$$
x^2 + y^2
$$

Inline \\(a_1\\) and $b$ but $5 and $10, or 10$ too.

***

~~~
tilde \`\`\`
~~~
<details><summary>Raw</summary> text</details>

![picture](https://example.org/p.png) <https://example.org>

\`\`\`ts
never closed
`

describe('MarkdownView', () => {
  it('shows the same whichever pieces the text comes in', () => {
    const whole = shown([ANSWER])
    expect(shown([...ANSWER])).toBe(whole)
    for (const size of [2, 3, 7, 31, 100])
      expect(shown(ANSWER.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [])).toBe(whole)
  })

  it('takes any end of a line for one', () => {
    const text = ANSWER.replaceAll('\n', '\r\n')
    expect(shown([...text])).toBe(shown([ANSWER]))
  })

  it('makes headings, lists, tables and code', () => {
    const root = document.createElement('div')
    root.innerHTML = shown([ANSWER])
    expect(root.querySelector('h3.level-1')?.textContent).toBe('Title')
    expect(root.querySelectorAll('ul > li > ol > li')).toHaveLength(2)
    expect(root.querySelectorAll('tbody tr')).toHaveLength(2)
    expect(root.querySelector('td.to-center strong')?.textContent).toBe('2')
    expect(root.querySelector('figure.code code')?.textContent).toBe('def f(x):\n    return `x`\n\n# not a heading')
    expect([...root.querySelectorAll('figure.code figcaption span')].map((each) => each.textContent)).toEqual([
      'python',
      'js',
      'text',
      'text',
      'ts',
    ])
    expect([...root.querySelectorAll('.math')].map((each) => each.textContent)).toEqual(['x^2 + y^2', 'a_1', 'b'])
    expect(root.querySelector('sub')?.textContent).toBe('2')
    expect(root.textContent).toContain('on & on — x < y')
    expect(root.textContent).toContain('$5 and $10, or 10$')
  })

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '<b onclick="alert(1)">x</b>',
    '<iframe src="https://example.org"></iframe>',
    '[x](javascript:alert(1))',
    '[x](  JaVaScRiPt:alert(1))',
    '[x](java\nscript:alert(1))',
    '[x](&#106;avascript:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](vbscript:x)',
    '<javascript:alert(1)>',
    '![x](javascript:alert(1))',
    '![x](https://example.org/p.png)',
    '[x]\n\n[x]: javascript:alert(1)',
    '```html\n<img src=x onerror=alert(1)>\n```',
    '$\\href{javascript:alert(1)}{x}$',
    '| <img src=x onerror=alert(1)> |\n|---|\n| [y](javascript:a) |',
    '<svg><script>alert(1)</script></svg>',
    '<details open ontoggle=alert(1)>',
  ])('lets nothing through that runs or loads: %s', (text) => {
    const root = document.createElement('div')
    root.innerHTML = shown([...text])
    expect(root.querySelectorAll('script, img, iframe, svg, object, embed, link, style, form, input')).toHaveLength(0)
    for (const each of root.querySelectorAll('*')) {
      for (const { name, value } of each.attributes) {
        expect(name).not.toMatch(/^on|^src|^style/)
        if (name === 'href') expect(value).toMatch(/^(https?|mailto):/)
      }
    }
  })

  it('keeps the nodes of what is settled', () => {
    const root = document.createElement('div')
    const view = new MarkdownView(root)
    view.set('First\n\nSecond\n\nThi', false)
    view.paint(Infinity)
    const part = root.firstElementChild
    const first = part?.firstChild
    const third = part?.childNodes[2]?.firstChild
    view.set('First\n\nSecond\n\nThird **bo', false)
    view.paint(Infinity)
    expect(part?.firstChild).toBe(first)
    expect(part?.childNodes[2]?.firstChild).toBe(third)
  })

  it.each([
    'A paragraph that goes on ',
    'A paragraph that goes on',
    '- an item that goes on ',
    '> quoted words that go ',
  ])('appends plain words without parsing: %j', (start) => {
    const root = document.createElement('div')
    const view = new MarkdownView(root)
    view.set(start, false)
    view.paint(Infinity)
    const made = vi.spyOn(document, 'createTextNode')
    view.set(`${start}and on, (with a comma)`, false)
    view.paint(Infinity)
    expect(root.textContent).toMatch(/ (on|go) ?and on, \(with a comma\)$/)
    expect(made).not.toHaveBeenCalled()
    made.mockRestore()
  })

  it('shows code line by line, and holds back what may be its end', () => {
    const root = document.createElement('div')
    const view = new MarkdownView(root)
    view.set('```js\nlet a\n``', false)
    view.paint(Infinity)
    expect(root.querySelector('code')?.textContent).toBe('let a')
    const code = root.querySelector('code')
    view.set('```js\nlet a\n``x', false)
    view.paint(Infinity)
    expect(code?.textContent).toBe('let a\n``x')
  })

  it.each([
    ['paragraphs', 'Some **bold** words and `code` in a row. '.repeat(5) + '\n\n'],
    ['one list', '- an item of *one* long list\n'],
    ['one table', '| a | **b** |\n'],
    ['code', 'let a = 1 // code\n'],
    ['one paragraph', 'word **bold** '],
    ['one unbroken string', 'aaaaaaaaaaaaaaaaaaaa'],
  ])('makes as much as there is text, however long it gets: %s', (name, piece) => {
    const head = name === 'code' ? '```js\n' : name === 'one table' ? '| a | b |\n|---|---|\n' : ''
    const madeFor = (pieces: number) => {
      const made = vi.spyOn(document, 'createTextNode')
      const view = new MarkdownView(document.createElement('div'))
      let text = head
      for (let index = 0; index < pieces; index++) {
        text += piece
        view.set(text, false)
        while (!view.paint(Infinity));
      }
      const shownInAll = made.mock.calls.reduce((total, [data]) => total + data.length, 0)
      made.mockRestore()
      return shownInAll
    }
    // Words without marks are appended without a new node; after a number of words, the paragraph is rebuilt.
    const length = (name === 'one unbroken string' ? 12_000 : 3_000) / piece.length
    // With twice the text, four times the nodes would be quadratic.
    expect(madeFor(2 * length)).toBeLessThanOrEqual(madeFor(length) * 3)
  })
})

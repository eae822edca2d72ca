import { Lexer } from 'marked'
import { describe, expect, it, vi } from 'vitest'
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

// There are none outside of browsers; code stays plain then.
vi.stubGlobal(
  'Worker',
  class {
    postMessage() {
      return undefined
    }
  },
)

function shown(pieces: string[]): string {
  const root = document.createElement('div')
  const view = new MarkdownView(root)
  let text = ''
  for (const piece of pieces) {
    text += piece
    view.set(text, false)
    while (!view.paint(Infinity));
  }
  view.set(text, true)
  while (!view.paint(Infinity));
  // Colours and formulas come when their libraries are loaded, which differs from run to run.
  for (const each of root.querySelectorAll('code, .math')) each.replaceChildren(each.textContent)
  // Where parts begin depends on the pieces.
  for (const part of root.querySelectorAll('.part')) part.replaceWith(...part.childNodes)
  return root.innerHTML
}

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
    const lex = vi.spyOn(Lexer.prototype, 'lex')
    view.set(`${start}and on, (with a comma)`, false)
    view.paint(Infinity)
    expect(root.textContent).toMatch(/ (on|go) ?and on, \(with a comma\)$/)
    expect(lex).not.toHaveBeenCalled()
    lex.mockRestore()
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
  ])('parses as much as there is text, however long it gets: %s', (name, piece) => {
    const head = name === 'code' ? '```js\n' : name === 'one table' ? '| a | b |\n|---|---|\n' : ''
    const parsedFor = (pieces: number) => {
      const lex = vi.spyOn(Lexer.prototype, 'lex')
      const view = new MarkdownView(document.createElement('div'))
      let text = head
      for (let index = 0; index < pieces; index++) {
        text += piece
        view.set(text, false)
        while (!view.paint(Infinity));
      }
      const parsed = lex.mock.calls.reduce((total, [source]) => total + source.length, 0)
      lex.mockRestore()
      return parsed
    }
    const length = 3_000 / piece.length
    // Twice the text: four times the parsing would be quadratic.
    expect(parsedFor(2 * length)).toBeLessThanOrEqual(parsedFor(length) * 3)
  })
})

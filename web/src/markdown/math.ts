import type { TokenizerAndRendererExtension, Tokens } from 'marked'

/** TeX in an answer. `open`: its end has not come yet. */
export interface MathToken extends Tokens.Generic {
  type: 'math'
  tex: string
  display: boolean
  open: boolean
}

const BLOCK = /^ {0,3}(?:\$\$([^]+?)\$\$|\\\[([^]+?)\\\])[ \t]*(?:\n|$)/
const OPEN_BLOCK = /^ {0,3}(?:\$\$|\\\[)((?:(?!\n\s*\n)[^])*)$/
const BLOCK_START = /\n {0,3}(?:\$\$|\\\[)/
const INLINE =
  /^(?:\$\$((?:\\[^]|[^\\$])+?)\$\$|\\\(([^]+?)\\\)|\\\[([^]+?)\\\]|\$(?!\s)((?:\\[^]|[^\\$\n])+?)(?<!\s)\$(?!\d))/

/** `$5, or 10$` is money. */
const MONEY = /^\d[^\\^_{}=+*/<>]*\s[^\\^_{}=+*/<>]*$/

export const math: TokenizerAndRendererExtension[] = [
  {
    name: 'math',
    level: 'block',
    start: (src) => {
      const found = BLOCK_START.exec(src)
      return found ? found.index + 1 : undefined
    },
    tokenizer(src): MathToken | undefined {
      const closed = BLOCK.exec(src)
      if (closed) return token(closed[0], closed[1] ?? closed[2] ?? '', true, false)
      const open = OPEN_BLOCK.exec(src)
      return open ? token(open[0], open[1] ?? '', true, true) : undefined
    },
  },
  {
    name: 'math',
    level: 'inline',
    start: (src) => {
      const found = /\$|\\[([]/.exec(src)
      return found?.index
    },
    tokenizer(src): MathToken | undefined {
      const found = INLINE.exec(src)
      if (!found) return undefined
      const [raw, dollars, round, square, single] = found
      if (single !== undefined && MONEY.test(single)) return undefined
      return token(
        raw,
        dollars ?? round ?? square ?? single ?? '',
        dollars !== undefined || square !== undefined,
        false,
      )
    },
  },
]

function token(raw: string, tex: string, display: boolean, open: boolean): MathToken {
  return { type: 'math', raw, tex: tex.trim(), display, open }
}

import { describe, expect, it, vi } from 'vitest'
import { MarkdownView } from '../markdown/view'
import { TextView } from './textView'

describe('the view of a text', () => {
  it("shows it as it is when its Markdown can't be shown", () => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue(undefined)
    const root = document.createElement('div')
    const view = new TextView(root)
    view.paint('Some **bo', false, Infinity)
    const paint = vi.spyOn(MarkdownView.prototype, 'paint').mockImplementation(() => {
      throw new RangeError('too deep')
    })
    expect(view.paint('Some **bold** te', false, Infinity)).toBe(true)
    paint.mockRestore()
    const text = `Some **bold** text. ${'word '.repeat(4_000)}`
    for (const each of [text.slice(0, 25), text.slice(0, 15_000), text]) while (!view.paint(each, each === text, 0));
    expect(root.textContent).toBe(text)
    expect(warned).toHaveBeenCalledOnce()
    warned.mockRestore()
  })
})

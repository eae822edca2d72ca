/**
 * Copy `text`; false if the browser refuses. Over plain http there is no `navigator.clipboard`, and a frame or a setting can forbid it.
 * Then the text is selected in a text area and copied, which works only during a click or a key press, so this must be called before
 * anything is awaited.
 */
export async function copyText(text: string): Promise<boolean> {
  const clipboard = navigator.clipboard as Clipboard | undefined
  if (clipboard === undefined) return copySelected(text)
  try {
    await clipboard.writeText(text)
    return true
  } catch {
    return copySelected(text)
  }
}

export const COPY_REFUSED = 'The browser blocked copying. Select the text and copy it with the keyboard.'

function copySelected(text: string): boolean {
  const focused = document.activeElement
  const area = document.createElement('textarea')
  area.value = text
  area.readOnly = true
  area.className = 'unseen'
  area.setAttribute('aria-hidden', 'true')
  // Nothing outside an open modal dialog can be selected.
  const place = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body
  place.append(area)
  try {
    area.select()
    return document.execCommand('copy')
  } catch {
    return false
  } finally {
    area.remove()
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true })
  }
}

/**
 * Whether a key press belongs to an input method, such as for Japanese, in which Enter accepts a word. Safari ends the composition before
 * that key press, and some browsers never set `isComposing`; they mark it with the key code 229 (UI Events, "keyCode").
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229
}

/**
 * Whether a key press belongs to an input method, such as for Japanese, in which Enter takes over the word. Safari ends the composition
 * before that key press, and some browsers never say `isComposing`: the key code 229 is how they mark it (UI Events, "keyCode").
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229
}

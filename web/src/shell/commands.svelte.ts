import { isComposing } from '../browser/composing'
import { untrack } from 'svelte'

/** The currently available commands by name, used by the keyboard, the list of shortcuts (`?`) and the palette. */
export interface Command {
  id: string
  title: string
  /** The group in the list of shortcuts and the palette: `Comparison`, `Lanes`, `Page`. */
  group: string
  /** Like `KeyboardEvent.key`, with modifiers before it: `/`, `?`, `Escape`, `Alt+ArrowLeft`, `Mod+k` (Mod: Ctrl, or Cmd on a Mac). */
  keys?: string
  /** Also available while the user is typing in a field. */
  whileTyping?: boolean
  /** Currently unavailable, so not listed. */
  available?: () => boolean
  run: () => void
}

class Commands {
  #all = $state.raw<readonly Command[]>([])

  get all(): readonly Command[] {
    return this.#all.filter((command) => command.available?.() ?? true)
  }

  /** Add commands until the returned function is called: `$effect(() => commands.offer([...]))`. */
  offer(offered: readonly Command[]): () => void {
    // Untracked, since an effect that depended on the other commands would run forever.
    const others = () => untrack(() => this.#all).filter((command) => !offered.includes(command))
    this.#all = [...others(), ...offered]
    return () => {
      this.#all = others()
    }
  }

  /** Run the command with that key, if there is one. */
  pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || isComposing(event)) return
    const typing = isTyping(event.target)
    const keys = keysOf(event)
    // The command that was added last is closest to what the user is looking at.
    const command = this.all.findLast((each) => each.keys === keys && (!typing || each.whileTyping))
    if (command === undefined || document.querySelector('dialog[open]')) return
    event.preventDefault()
    command.run()
  }
}

function keysOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const shift = event.shiftKey && event.key.length > 1
  return [(event.ctrlKey || event.metaKey) && 'Mod', event.altKey && 'Alt', shift && 'Shift', key]
    .filter(Boolean)
    .join('+')
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

export const commands = new Commands()

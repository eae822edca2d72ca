import { isComposing } from '../browser/composing'
import { untrack } from 'svelte'

/** What can be done on the page right now, by name: the keyboard, the sheet at `?` and the palette all read this one list. */
export interface Command {
  id: string
  title: string
  /** For the sheet and the palette: `Comparison`, `Lanes`, `Page`. */
  group: string
  /** As `KeyboardEvent.key` has it, with modifiers before it: `/`, `?`, `Escape`, `Alt+ArrowLeft`, `Mod+k` (Mod: Ctrl, on a Mac Cmd). */
  keys?: string
  /** Also while somebody types in a field. */
  whileTyping?: boolean
  /** Not now; it is left out of the lists. */
  available?: () => boolean
  run: () => void
}

class Commands {
  #all = $state.raw<readonly Command[]>([])

  get all(): readonly Command[] {
    return this.#all.filter((command) => command.available?.() ?? true)
  }

  /** Adds them until the returned function is called: `$effect(() => commands.offer([...]))`. */
  offer(offered: readonly Command[]): () => void {
    // Who offers does not want to know what else there is: an effect that did would run for ever.
    const others = () => untrack(() => this.#all).filter((command) => !offered.includes(command))
    this.#all = [...others(), ...offered]
    return () => {
      this.#all = others()
    }
  }

  /** Runs the command of that key, if there is one. */
  pressed(event: KeyboardEvent): void {
    if (event.defaultPrevented || isComposing(event)) return
    const typing = isTyping(event.target)
    const keys = keysOf(event)
    // The one that was offered last is nearest to what the user looks at.
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

const CAPS: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
}

const mac = navigator.userAgent.includes('Mac')

/** A command's `keys` as shown on the keyboard. */
export function keyCaps(keys: string): string[] {
  return keys
    .split(/(?<=.)\+/)
    .map((key) => (key === 'Mod' ? (mac ? '⌘' : 'Ctrl') : key === 'Alt' && mac ? '⌥' : capOf(key)))
}

function capOf(key: string): string {
  return CAPS[key] ?? (key.length === 1 ? key.toUpperCase() : key)
}
